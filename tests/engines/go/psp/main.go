// Psp judges pods by the PodSecurityPolicy admission plugin of the API server, without a server.
//
// It reads one JSON object a line on standard input and writes one a line, in the same order.
// Policies and the rights to use them are put in the place of those that were loaded before:
//
//	{"policies": [PodSecurityPolicy...], "roles": [ClusterRole...], "bindings": [ClusterRoleBinding...]}
//	{}
//
// Then a pod is created, by a user whose ServiceAccount does or does not mount its token. What
// comes back is what the API server answers, code and body; what 1.24 does not know of a pod it drops:
//
//	{"pod": {...}, "namespace": "default", "user": "plain", "automount": true}
//	{"code": 201, "object": {...}}
//
// A line that cannot be read, and a policy that the API server would not store, are answered by
// {"error": "..."}.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	corev1 "k8s.io/api/core/v1"
	policyv1beta1 "k8s.io/api/policy/v1beta1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/kubernetes/pkg/capabilities"
	kjson "sigs.k8s.io/json"
)

// request is a load, or a pod where one stands.
type request struct {
	Policies []*policyv1beta1.PodSecurityPolicy `json:"policies"`
	Roles    []*rbacv1.ClusterRole              `json:"roles"`
	Bindings []*rbacv1.ClusterRoleBinding       `json:"bindings"`

	Pod       json.RawMessage `json:"pod"`
	Namespace string          `json:"namespace"`
	User      string          `json:"user"`
	Automount bool            `json:"automount"`
}

type loaded struct{}

type answer struct {
	Code   int32 `json:"code"`
	Object any   `json:"object"`
}

type failure struct {
	Error string `json:"error"`
}

// server answers lines, by what was loaded last.
type server struct {
	judge *judge
}

// answer returns what is marshalled as the answer to one line.
func (s *server) answer(line []byte) any {
	var r request
	if err := strictly(line, &r); err != nil {
		return failure{err.Error()}
	}
	if r.Pod == nil {
		fresh, err := newJudge(r.Policies, r.Roles, r.Bindings)
		if err != nil {
			return failure{err.Error()}
		}
		s.judge = fresh
		return loaded{}
	}
	if s.judge == nil {
		return failure{"no policies are loaded"}
	}
	var pod corev1.Pod
	if err := kjson.UnmarshalCaseSensitivePreserveInts(r.Pod, &pod); err != nil {
		return failure{err.Error()}
	}
	code, object, err := s.judge.create(&pod, r.Namespace, r.User, r.Automount)
	if err != nil {
		return failure{err.Error()}
	}
	return answer{code, object}
}

// strictly decodes JSON; a misspelt field must never pass for an unset one.
func strictly(data []byte, into any) error {
	strict, err := kjson.UnmarshalStrict(data, into)
	if err != nil {
		return err
	}
	return errors.Join(strict...)
}

func serve(in io.Reader, out io.Writer) error {
	s := &server{}
	reader, writer := bufio.NewReaderSize(in, 1<<20), bufio.NewWriterSize(out, 1<<20)
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			data, err := json.Marshal(s.answer(line))
			if err != nil {
				return err
			}
			if _, err := writer.Write(append(data, '\n')); err != nil {
				return err
			}
		}
		// Who waits for the answer has sent all that he has.
		if reader.Buffered() == 0 || err != nil {
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func main() {
	// As --allow-privileged=true: else validation refuses what the policies are asked about.
	capabilities.Initialize(capabilities.Capabilities{AllowPrivileged: true})
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "psp:", err)
		os.Exit(1)
	}
}
