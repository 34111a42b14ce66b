package main

import (
	"context"
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
	runtime cri.RuntimeServiceClient
	images  cri.ImageServiceClient
	logs    string
	seccomp string
	cgroup  string
}

// run runs one container of a pod in a sandbox of its own, and returns the lines of its log as they stand.
func (n node) run(ctx context.Context, pod *corev1.Pod, container *corev1.Container, number int) (string, error) {
	name := fmt.Sprintf("pod-%d", number)
	sandbox := &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: name, Uid: name, Namespace: "lab"},
		LogDirectory: filepath.Join(n.logs, name),
		Linux:        n.sandboxConfig(pod),
	}
	if err := os.MkdirAll(sandbox.LogDirectory, 0o755); err != nil {
		return "", err
	}
	security, err := n.containerContext(ctx, pod, container)
	if err != nil {
		return "", refusal{err}
	}
	started, err := n.runtime.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: sandbox})
	if err != nil {
		return "", refusal{err}
	}
	// It takes the container with it, also where time is up.
	defer n.runtime.RemovePodSandbox(context.WithoutCancel(ctx), &cri.RemovePodSandboxRequest{PodSandboxId: started.PodSandboxId})
	created, err := n.runtime.CreateContainer(ctx, &cri.CreateContainerRequest{
		PodSandboxId:  started.PodSandboxId,
		SandboxConfig: sandbox,
		Config: &cri.ContainerConfig{
			Metadata: &cri.ContainerMetadata{Name: container.Name},
			Image:    &cri.ImageSpec{Image: container.Image},
			Command:  container.Command,
			LogPath:  "log",
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
	log, err := os.ReadFile(filepath.Join(sandbox.LogDirectory, "log"))
	return string(log), err
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
