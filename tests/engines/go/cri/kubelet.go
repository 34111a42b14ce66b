package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/kubernetes/pkg/security/apparmor"
	"k8s.io/kubernetes/pkg/securitycontext"
)

// What the kubelet makes of a pod's security contexts. Which context counts, which paths are masked and
// when no_new_privs is set the kubelet's own packages say; the rest follows its package kuberuntime,
// whose functions are private: security_context.go, kuberuntime_sandbox.go, util/util.go.

// A pod with a user namespace gets so many ids of the host, from the first on.
const (
	firstID = 65536
	ids     = 65536
)

func (n node) sandboxConfig(pod *corev1.Pod) *cri.LinuxPodSandboxConfig {
	security := &cri.LinuxSandboxSecurityContext{
		NamespaceOptions: namespaces(pod),
		// The sandbox is always confined, so that a pod may be.
		Seccomp: &cri.SecurityProfile{ProfileType: cri.SecurityProfile_RuntimeDefault},
	}
	for _, container := range pod.Spec.Containers {
		own := container.SecurityContext
		security.Privileged = security.Privileged || own != nil && own.Privileged != nil && *own.Privileged
	}
	config := &cri.LinuxPodSandboxConfig{
		CgroupParent:    n.cgroup,
		SecurityContext: security,
		Sysctls:         map[string]string{},
	}
	given := pod.Spec.SecurityContext
	if given == nil {
		return config
	}
	security.RunAsUser, security.RunAsGroup = integer(given.RunAsUser), integer(given.RunAsGroup)
	security.SupplementalGroups = groups(given)
	security.SupplementalGroupsPolicy = groupsPolicy(given)
	for _, each := range given.Sysctls {
		config.Sysctls[each.Name] = each.Value
	}
	return config
}

func (n node) containerContext(
	ctx context.Context, pod *corev1.Pod, container *corev1.Container,
) (*cri.LinuxContainerSecurityContext, error) {
	effective := securitycontext.DetermineEffectiveSecurityContext(pod, container)
	security := &cri.LinuxContainerSecurityContext{
		NamespaceOptions: namespaces(pod),
		RunAsUser:        integer(effective.RunAsUser),
		RunAsGroup:       integer(effective.RunAsGroup),
		Privileged:       isTrue(effective.Privileged),
		ReadonlyRootfs:   isTrue(effective.ReadOnlyRootFilesystem),
		NoNewPrivs:       securitycontext.AddNoNewPrivileges(effective),
		MaskedPaths:      securitycontext.ConvertToRuntimeMaskedPaths(effective.ProcMount),
		ReadonlyPaths:    securitycontext.ConvertToRuntimeReadonlyPaths(effective.ProcMount),
		Apparmor:         apparmorProfile(pod, container),
	}
	if security.RunAsUser == nil {
		if err := n.imageUser(ctx, container.Image, security); err != nil {
			return nil, err
		}
	}
	if isTrue(effective.RunAsNonRoot) {
		switch {
		case security.RunAsUser == nil:
			return nil, errors.New("container has runAsNonRoot and image has non-numeric user")
		case security.RunAsUser.Value == 0 && effective.RunAsUser != nil:
			return nil, errors.New("container's runAsUser breaks non-root policy")
		case security.RunAsUser.Value == 0:
			return nil, errors.New("container has runAsNonRoot and image will run as root")
		}
	}
	if given := effective.Capabilities; given != nil {
		security.Capabilities = &cri.Capability{AddCapabilities: names(given.Add), DropCapabilities: names(given.Drop)}
	}
	if given := effective.SELinuxOptions; given != nil {
		security.SelinuxOptions = &cri.SELinuxOption{User: given.User, Role: given.Role, Type: given.Type, Level: given.Level}
	}
	if given := pod.Spec.SecurityContext; given != nil {
		security.SupplementalGroups = groups(given)
		security.SupplementalGroupsPolicy = groupsPolicy(given)
		security.Seccomp = n.seccompProfile(given.SeccompProfile)
	}
	if own := container.SecurityContext; own != nil && own.SeccompProfile != nil || security.Seccomp == nil {
		var given *corev1.SeccompProfile
		if own != nil {
			given = own.SeccompProfile
		}
		security.Seccomp = n.seccompProfile(given)
	}
	return security, nil
}

// imageUser sets the user that the image names, or root.
func (n node) imageUser(ctx context.Context, image string, security *cri.LinuxContainerSecurityContext) error {
	found, err := n.images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: image}})
	if err != nil {
		return err
	}
	if found.Image == nil {
		return fmt.Errorf("there is no image %q", image)
	}
	switch {
	case found.Image.Uid != nil:
		security.RunAsUser = found.Image.Uid
	case found.Image.Username != "":
		security.RunAsUsername = found.Image.Username
	default:
		security.RunAsUser = &cri.Int64Value{}
	}
	return nil
}

// seccompProfile has a kubelet without SeccompDefault: what is not set is unconfined.
func (n node) seccompProfile(given *corev1.SeccompProfile) *cri.SecurityProfile {
	switch {
	case given != nil && given.Type == corev1.SeccompProfileTypeRuntimeDefault:
		return &cri.SecurityProfile{ProfileType: cri.SecurityProfile_RuntimeDefault}
	case given != nil && given.Type == corev1.SeccompProfileTypeLocalhost && given.LocalhostProfile != nil:
		place := filepath.Join(n.seccomp, *given.LocalhostProfile)
		return &cri.SecurityProfile{ProfileType: cri.SecurityProfile_Localhost, LocalhostRef: place}
	}
	return &cri.SecurityProfile{ProfileType: cri.SecurityProfile_Unconfined}
}

func apparmorProfile(pod *corev1.Pod, container *corev1.Container) *cri.SecurityProfile {
	given := apparmor.GetProfile(pod, container)
	switch {
	case given == nil:
		return nil
	case given.Type == corev1.AppArmorProfileTypeRuntimeDefault:
		return &cri.SecurityProfile{ProfileType: cri.SecurityProfile_RuntimeDefault}
	case given.Type == corev1.AppArmorProfileTypeLocalhost && given.LocalhostProfile != nil:
		return &cri.SecurityProfile{ProfileType: cri.SecurityProfile_Localhost, LocalhostRef: *given.LocalhostProfile}
	}
	return &cri.SecurityProfile{ProfileType: cri.SecurityProfile_Unconfined}
}

func namespaces(pod *corev1.Pod) *cri.NamespaceOption {
	options := &cri.NamespaceOption{Pid: cri.NamespaceMode_CONTAINER}
	if isTrue(pod.Spec.ShareProcessNamespace) {
		options.Pid = cri.NamespaceMode_POD
	}
	if pod.Spec.HostPID {
		options.Pid = cri.NamespaceMode_NODE
	}
	if pod.Spec.HostIPC {
		options.Ipc = cri.NamespaceMode_NODE
	}
	if pod.Spec.HostNetwork {
		options.Network = cri.NamespaceMode_NODE
	}
	if pod.Spec.HostUsers != nil && !*pod.Spec.HostUsers {
		mapped := []*cri.IDMapping{{HostId: firstID, Length: ids}}
		options.UsernsOptions = &cri.UserNamespace{Mode: cri.NamespaceMode_POD, Uids: mapped, Gids: mapped}
	}
	return options
}

func groups(given *corev1.PodSecurityContext) []int64 {
	var found []int64
	if given.FSGroup != nil {
		found = append(found, *given.FSGroup)
	}
	return append(found, given.SupplementalGroups...)
}

func groupsPolicy(given *corev1.PodSecurityContext) cri.SupplementalGroupsPolicy {
	if policy := given.SupplementalGroupsPolicy; policy != nil && *policy == corev1.SupplementalGroupsPolicyStrict {
		return cri.SupplementalGroupsPolicy_Strict
	}
	return cri.SupplementalGroupsPolicy_Merge
}

func names(given []corev1.Capability) []string {
	found := make([]string, len(given))
	for i, each := range given {
		found[i] = string(each)
	}
	return found
}

func integer(given *int64) *cri.Int64Value {
	if given == nil {
		return nil
	}
	return &cri.Int64Value{Value: *given}
}

func isTrue(given *bool) bool { return given != nil && *given }
