"""What becomes of an exemption when what it rests on changes."""

from __future__ import annotations

from typing import Final

from tests.pods import DROP

from .exempt import INIT, PRIVILEGED, PROXY, ROOT, SIDE, Case, deploy, update

_NEW: Final = {f"{SIDE}.image": "x:1"}
_FINE: Final = {f"{SIDE}.image": f"{PROXY}:1"}
_LABEL: Final = {"metadata.labels": {"team": "web"}}
_TOOL: Final = "example.com/tool@sha256:abc"
_TEMPLATE: Final = "privileged sidecar spec.template.spec.containers[1].securityContext.privileged"
_WEB: Final = {"spec.containers.0.securityContext.privileged": True}

UPDATE: Final = {
    "out of the exemption": Case("image", update(ROOT, _NEW), (PRIVILEGED,)),
    "the image is taken away": Case("image", update(ROOT, {f"{SIDE}.image": DROP}), (PRIVILEGED,)),
    "out, and good without it": Case("image", update(_FINE, _NEW)),
    "another tag": Case("image", update(ROOT, {f"{SIDE}.image": f"{PROXY}:2"}), matched=False),
    "to a digest": Case(
        "image", update(ROOT, {f"{SIDE}.image": f"{PROXY}:2@sha256:abc"}), matched=False
    ),
    "into another exemption": Case("two", update(ROOT, {f"{SIDE}.image": _TOOL}), matched=False),
    "into an exemption from fewer rules": Case(
        "two",
        update(
            {f"{SIDE}.image": _TOOL, f"{SIDE}.securityContext.runAsUser": 0},
            {f"{SIDE}.image": f"{PROXY}:1"},
        ),
        ("runAsUser sidecar spec.containers[1].securityContext.runAsUser",),
    ),
    "out of two exemptions": Case(
        "two",
        update(
            ROOT | {f"{SIDE}.image": _TOOL, f"{SIDE}.securityContext.runAsUser": 0},
            _NEW,
        ),
        (PRIVILEGED, "runAsUser sidecar spec.containers[1].securityContext.runAsUser"),
    ),
    "out of one of two exemptions, and good": Case("two", update(_FINE, _NEW)),
    "a label of an exempt pod": Case("image", update(ROOT, _LABEL), matched=False),
    "a bad pod that was never exempt gets an image": Case(
        "image", update(ROOT | _NEW, {f"{SIDE}.image": "y:1"}), matched=False
    ),
    "a bad pod that was never exempt gets a label": Case(
        "image", update(ROOT | _NEW, _LABEL), matched=False
    ),
    "into the exemption": Case(
        "image", update(ROOT | _NEW, {f"{SIDE}.image": f"{PROXY}:1"}), matched=False
    ),
    "an init container": Case(
        "image",
        update(
            {f"{INIT}.securityContext.privileged": True, f"{INIT}.image": f"{PROXY}:1"},
            {f"{INIT}.image": "x:1"},
        ),
        ("privileged setup spec.initContainers[0].securityContext.privileged",),
    ),
    "beside a bad container that was never exempt": Case(
        "image", update(ROOT | _WEB, _NEW), (PRIVILEGED,)
    ),
    "a good one of the same name is in another list": Case(
        "image",
        update(
            {
                f"{INIT}.securityContext.privileged": True,
                f"{INIT}.name": "sidecar",
                f"{SIDE}.image": f"{PROXY}:1",
            },
            _NEW,
        ),
    ),
    "two containers change images": Case(
        "image",
        update(ROOT | _WEB, _NEW | {"spec.containers.0.image": f"{PROXY}:1"}),
        (PRIVILEGED,),
    ),
    "only the rules that it lifts": Case(
        "image",
        update(ROOT | {f"{SIDE}.securityContext.capabilities": DROP, "spec.hostPID": True}, _NEW),
        (PRIVILEGED,),
    ),
    "what the pod gives it": Case(
        "image",
        update(_FINE | {"spec.securityContext.runAsUser": 0}, _NEW),
        ("runAsUser sidecar spec.securityContext.runAsUser",),
    ),
    "the pod's value where it has its own": Case(
        "image",
        update(
            _FINE | {"spec.securityContext.runAsUser": 0, f"{SIDE}.securityContext.runAsUser": 5},
            _NEW,
        ),
    ),
    "a label of a pod with a bad value": Case(
        "image", update(_FINE | {"spec.securityContext.runAsUser": 0}, _LABEL), matched=False
    ),
    "what nothing gives it": Case(
        "image",
        update(_FINE | {"spec.securityContext.runAsNonRoot": DROP}, _NEW),
        ("runAsNonRoot sidecar spec.containers[1].securityContext.runAsNonRoot",),
    ),
    "name and image, the image goes": Case("both", update(ROOT, _NEW), (PRIVILEGED,)),
    "name and image, another name": Case(
        "both", update(ROOT | {f"{SIDE}.name": "other"}, _NEW), matched=False
    ),
    "by name, a new image": Case("name", update(ROOT | {f"{SIDE}.name": "agent"}, _NEW), (), False),
    "of a pod that is selected": Case("selected", update(ROOT | _LABEL, _NEW), (PRIVILEGED,)),
    "of a pod that is not selected": Case("selected", update(ROOT, _NEW), matched=False),
    "status": Case("image", update(ROOT, _NEW)._replace(subresource="status"), matched=False),
    "resize": Case("image", update(ROOT, _NEW)._replace(subresource="resize"), matched=False),
    "of pods that are not judged": Case("controllers only", update(ROOT, _NEW), matched=False),
    "of pods only": Case("pods only", update(ROOT, _NEW), (PRIVILEGED,)),
    "template, out of the exemption": Case("image", deploy(ROOT | _NEW, ROOT), (_TEMPLATE,)),
    "template, still exempt": Case("image", deploy(ROOT | _LABEL, ROOT), exempted=True),
    "template, as it was": Case("image", deploy(ROOT | _NEW, ROOT | _NEW), matched=False),
    "template, never exempt": Case(
        "image", deploy(ROOT | {f"{SIDE}.image": "y:1"}, ROOT | _NEW), (_TEMPLATE,)
    ),
    "template, not judged": Case("pods only", deploy(ROOT | _NEW, ROOT), matched=False),
}
