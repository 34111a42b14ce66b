// Cri drives a container runtime as the kubelet does: pods in, what their containers print out.
//
//	cri SOCKET LOGS SECCOMP CGROUP
//
// LOGS is a folder for the containers' logs, SECCOMP the one with local seccomp profiles, CGROUP the
// parent of the pods' control groups. It reads one JSON object a line on standard input and writes one
// a line, in the same order:
//
//	{"pod": {"metadata": {...}, "spec": {...}}, "container": "c"}
//	{"log": "..."}
//
// Of the pod the sandbox and the one container are run, to its end; the sandbox goes on, for pods that ask
// for the same, until it ends with the runtime. Where the kubelet or the runtime
// refuses, the answer is {"refused": "..."}. A line that does not decode or holds an unknown field, and a
// container that does not end in time, is answered by {"error": "..."}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	corev1 "k8s.io/api/core/v1"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	kjson "sigs.k8s.io/json"
)

type request struct {
	Pod       corev1.Pod `json:"pod"`
	Container string     `json:"container"`
}

type answer struct {
	Log     string `json:"log,omitempty"`
	Refused string `json:"refused,omitempty"`
	Error   string `json:"error,omitempty"`
}

// refusal is what the kubelet or the runtime says; other errors are failures of this program.
type refusal struct{ error }

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: cri SOCKET LOGS SECCOMP CGROUP")
		os.Exit(2)
	}
	if err := serve(os.Args[1], node{logs: os.Args[2], seccomp: os.Args[3], cgroup: os.Args[4], sandboxes: map[string]sandbox{}}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(socket string, node node) error {
	connection, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	node.runtime = cri.NewRuntimeServiceClient(connection)
	node.images = cri.NewImageServiceClient(connection)
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<24)
	output := json.NewEncoder(os.Stdout)
	for number := 0; input.Scan(); number++ {
		if err := output.Encode(node.reply(input.Bytes(), number)); err != nil {
			return err
		}
	}
	return input.Err()
}

func (n node) reply(line []byte, number int) answer {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	log, err := n.answer(ctx, line, number)
	switch refused := (refusal{}); {
	case err == nil:
		return answer{Log: log}
	case ctx.Err() == nil && errors.As(err, &refused):
		return answer{Refused: err.Error()}
	}
	return answer{Error: err.Error()}
}

func (n node) answer(ctx context.Context, line []byte, number int) (string, error) {
	var asked request
	strict, err := kjson.UnmarshalStrict(line, &asked)
	if err := errors.Join(append(strict, err)...); err != nil {
		return "", err
	}
	for _, container := range asked.Pod.Spec.Containers {
		if container.Name == asked.Container {
			return n.run(ctx, &asked.Pod, &container, number)
		}
	}
	return "", fmt.Errorf("the pod has no container %q", asked.Container)
}
