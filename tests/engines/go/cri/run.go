package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// patience is how long a pod may take; pause is between two looks at its container.
const (
	patience = 60 * time.Second
	pause    = 5 * time.Millisecond
)

type node struct {
	runtime   cri.RuntimeServiceClient
	images    cri.ImageServiceClient
	logs      string
	seccomp   string
	cgroup    string
	sandboxes map[string]sandbox
}

// sandbox is one that runs, and what it was asked for.
type sandbox struct {
	id     string
	config *cri.PodSandboxConfig
}

// run runs one container of a pod, and returns the lines of its log as they stand.
func (n node) run(ctx context.Context, pod *corev1.Pod, container *corev1.Container, number int) (string, error) {
	security, err := n.containerContext(ctx, pod, container)
	if err != nil {
		return "", refusal{err}
	}
	within, err := n.sandbox(ctx, n.sandboxConfig(pod), number)
	if err != nil {
		return "", err
	}
	log := fmt.Sprintf("log-%d", number)
	created, err := n.runtime.CreateContainer(ctx, &cri.CreateContainerRequest{
		PodSandboxId:  within.id,
		SandboxConfig: within.config,
		Config: &cri.ContainerConfig{
			Metadata: &cri.ContainerMetadata{Name: container.Name, Attempt: uint32(number)},
			Image:    &cri.ImageSpec{Image: container.Image},
			Command:  container.Command,
			LogPath:  log,
			Linux:    &cri.LinuxContainerConfig{SecurityContext: security},
		},
	})
	if err != nil {
		return "", refusal{err}
	}
	if _, err := n.runtime.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: created.ContainerId}); err != nil {
		return "", refusal{err}
	}
	if err := n.ended(ctx, created.ContainerId); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(within.config.LogDirectory, log))
	return string(text), err
}

// sandbox returns one that runs as it is asked for: containers whose pods ask for the same share it, as
// those of one pod do, for to start it takes as long as to start a container.
func (n node) sandbox(
	ctx context.Context, asked *cri.LinuxPodSandboxConfig, number int,
) (sandbox, error) {
	same, err := json.Marshal(asked)
	if err != nil {
		return sandbox{}, err
	}
	if found, known := n.sandboxes[string(same)]; known {
		return found, nil
	}
	name := fmt.Sprintf("pod-%d", number)
	config := &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: name, Uid: name, Namespace: "lab"},
		LogDirectory: filepath.Join(n.logs, name),
		Linux:        asked,
	}
	if err := os.MkdirAll(config.LogDirectory, 0o755); err != nil {
		return sandbox{}, err
	}
	started, err := n.runtime.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: config})
	if err != nil {
		return sandbox{}, refusal{err}
	}
	n.sandboxes[string(same)] = sandbox{started.PodSandboxId, config}
	return n.sandboxes[string(same)], nil
}

func (n node) ended(ctx context.Context, id string) error {
	for ; ctx.Err() == nil; time.Sleep(pause) {
		found, err := n.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id})
		if err != nil {
			return err
		}
		if found.Status.State == cri.ContainerState_CONTAINER_EXITED {
			return nil
		}
	}
	return ctx.Err()
}
