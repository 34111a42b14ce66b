package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	api "k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/apis/policy"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	podregistry "k8s.io/kubernetes/pkg/registry/core/pod"
	pspregistry "k8s.io/kubernetes/pkg/registry/policy/podsecuritypolicy"
	rbacvalidation "k8s.io/kubernetes/pkg/registry/rbac/validation"
	"k8s.io/kubernetes/plugin/pkg/admission/security/podsecuritypolicy"
	"k8s.io/kubernetes/plugin/pkg/admission/serviceaccount"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
)

// created is the status of an answer to a POST that was not refused.
const created = 201

// judge runs a pod through what the API server has it go through, as far as that shows in the
// verdict: defaulting, the ServiceAccount and PodSecurityPolicy plugins, and the pod's own
// strategy, which drops what feature gates close, syncs seccomp annotations and validates.
type judge struct {
	// plugins are in the server's order.
	plugins  []plugin
	accounts cache.Indexer
}

type plugin interface {
	admission.MutationInterface
	admission.ValidationInterface
}

// newJudge stores policies as the server would.
func newJudge(
	policies []*policyv1beta1.PodSecurityPolicy,
	roles []*rbacv1.ClusterRole,
	bindings []*rbacv1.ClusterRoleBinding,
) (*judge, error) {
	// Informers without a client never start: they hold what is put in them.
	factory := informers.NewSharedInformerFactory(nil, 0)
	stored := factory.Policy().V1beta1().PodSecurityPolicies().Informer().GetIndexer()
	for _, each := range policies {
		kept, err := store(each)
		if err != nil {
			return nil, fmt.Errorf("PodSecurityPolicy %s: %w", each.Name, err)
		}
		if err := stored.Add(kept); err != nil {
			return nil, err
		}
	}
	_, rules := rbacvalidation.NewTestRuleResolver(nil, nil, roles, bindings)
	authorizer := rbac.New(rules, rules, rules, rules)
	psp, err := newPolicyPlugin(initializer.New(nil, factory, authorizer, nil))
	if err != nil {
		return nil, err
	}
	account := serviceaccount.NewServiceAccount()
	account.SetExternalKubeInformerFactory(factory)
	for _, each := range []interface{ SetReadyFunc(admission.ReadyFunc) }{psp, account} {
		each.SetReadyFunc(func() bool { return true })
	}
	return &judge{
		plugins:  []plugin{account, psp},
		accounts: factory.Core().V1().ServiceAccounts().Informer().GetIndexer(),
	}, nil
}

// newPolicyPlugin makes the plugin the way the server does: its constructor is not exported.
func newPolicyPlugin(with admission.PluginInitializer) (*podsecuritypolicy.Plugin, error) {
	plugins := admission.NewPlugins()
	podsecuritypolicy.Register(plugins)
	made, err := plugins.InitPlugin(podsecuritypolicy.PluginName, nil, with)
	if err != nil {
		return nil, err
	}
	return made.(*podsecuritypolicy.Plugin), nil
}

// store returns a policy as the server would keep it, or why it would not.
func store(asked *policyv1beta1.PodSecurityPolicy) (*policyv1beta1.PodSecurityPolicy, error) {
	internal := &policy.PodSecurityPolicy{}
	legacyscheme.Scheme.Default(asked)
	if err := legacyscheme.Scheme.Convert(asked, internal, nil); err != nil {
		return nil, err
	}
	ctx := genericapirequest.WithNamespace(context.Background(), metav1.NamespaceNone)
	if err := rest.BeforeCreate(pspregistry.Strategy, ctx, internal); err != nil {
		return nil, err
	}
	kept := &policyv1beta1.PodSecurityPolicy{}
	err := legacyscheme.Scheme.Convert(internal, kept, nil)
	return kept, err
}

// create returns the code and the body of the answer to a pod's creation.
func (j *judge) create(
	asked *corev1.Pod, namespace, by string, automount bool,
) (int32, runtime.Object, error) {
	asked.Namespace = namespace
	if err := j.furnish(asked, automount); err != nil {
		return 0, nil, err
	}
	pod := &api.Pod{}
	legacyscheme.Scheme.Default(asked)
	if err := legacyscheme.Scheme.Convert(asked, pod, nil); err != nil {
		return 0, nil, err
	}
	if refusal := j.admit(pod, by); refusal != nil {
		status := responsewriters.ErrorToAPIStatus(refusal)
		return status.Code, status, nil
	}
	kept := &corev1.Pod{}
	if err := legacyscheme.Scheme.Convert(pod, kept, nil); err != nil {
		return 0, nil, err
	}
	return created, kept, nil
}

// furnish makes the ServiceAccount that a pod asks for.
func (j *judge) furnish(pod *corev1.Pod, automount bool) error {
	name := pod.Spec.ServiceAccountName
	if name == "" {
		// The older name of the field; defaulting knows both.
		name = pod.Spec.DeprecatedServiceAccount
	}
	if name == "" {
		name = serviceaccount.DefaultServiceAccountName
	}
	return j.accounts.Add(&corev1.ServiceAccount{
		ObjectMeta:                   metav1.ObjectMeta{Namespace: pod.Namespace, Name: name},
		AutomountServiceAccountToken: &automount,
	})
}

// admit changes a pod as the server would, or returns why it refuses it.
func (j *judge) admit(pod *api.Pod, by string) error {
	ctx := genericapirequest.WithNamespace(context.Background(), pod.Namespace)
	who := &user.DefaultInfo{Name: by, Groups: []string{user.AllAuthenticated}}
	attributes := admission.NewAttributesRecord(
		pod, nil, api.Kind("Pod").WithVersion("v1"), pod.Namespace, pod.Name,
		api.Resource("pods").WithVersion("v1"), "", admission.Create, &metav1.CreateOptions{},
		true, who,
	)
	for _, each := range j.plugins {
		if err := each.Admit(ctx, attributes, nil); err != nil {
			return err
		}
	}
	if err := rest.BeforeCreate(podregistry.Strategy, ctx, pod); err != nil {
		return err
	}
	for _, each := range j.plugins {
		if err := each.Validate(ctx, attributes, nil); err != nil {
			return err
		}
	}
	return nil
}
