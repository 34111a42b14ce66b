"""The options of `gatekeeper`: engines, what is done where, controllers of kinds of one's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from capgen.errors import UsageError
from capgen.targets.gatekeeper import TARGET, configured, emit
from capgen.targets.gatekeeper.asked import Asked
from tests.loading import loaded
from tests.policy.made import profile

if TYPE_CHECKING:
    from capgen.targets.base import Options, Output

SPEC: Final = """\
kubernetes: "1.36"
enforcement: {}
match: {{namespaces: {{include: [team-a]}}}}
rules: {{privileged: false, runAsUser: {{ranges: [7]}}}}
"""
WEBHOOK: Final = "validation.gatekeeper.sh"
AUDIT: Final = "audit.gatekeeper.sh"
GATOR: Final = "gator.gatekeeper.sh"
ROLLOUT: Final = "argoproj.io/v1alpha1/Rollout"


def output(options: Options, enforcement: str = "deny") -> Output:
    """Return what is written with some options."""
    return configured(options)(profile(SPEC.format(enforcement)))


def files(found: Output) -> dict[str, Any]:
    """Return the objects that were written, by their files."""
    return {each.path: loaded(each.text) for each in found.objects}


def page(found: Output) -> str:
    """Return the README."""
    (text,) = (each.text for each in found.artefacts if each.path == "README.md")
    return text


def test_engines() -> None:
    """Engines are chosen by name, each once."""
    made = profile(SPEC.format("deny"))
    assert configured({"engines": ["cel"]})(made) == TARGET.emit(made)
    assert configured({})(made) == TARGET.emit(made)
    for engines in (["cel", "rego"], ["rego", "cel"], ["rego", "cel", "rego"]):
        assert configured({"engines": engines})(made) == emit(made, Asked(("cel", "rego")))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"engines": ["cel", "reg"]},
            r"`gatekeeper` writes for no engine `reg`; did you mean `rego`\?; known: cel, rego",
        ),
        ({"engines": []}, "`engines` of `gatekeeper` names none; known: cel, rego"),
        (
            {"engine": ["cel"]},
            r"no option `engine`; did you mean `engines`\?; known: `engines`, `audit`, `gator`, ",
        ),
        ({"audit": ["dryrun"]}, "no action in an audit `dryrun`; known: deny, warn, audit, none"),
        ({"gator": ["none"]}, "no action in gator `none`; known: deny, warn, audit"),
        ({"gator": ["deny", "warn"]}, "`gator` of `gatekeeper` is one value; found `deny`, `warn`"),
        ({"gator": []}, "`gator` of `gatekeeper` names none"),
        ({"expand": []}, "`expand` of `gatekeeper` names none"),
        *(
            ({"expand": [text]}, f"names kinds as GROUP/VERSION/KIND, .* found `{re.escape(text)}`")
            for text in (
                "Rollout",
                "v1/Rollout",
                "argoproj.io/Rollout/v1",
                "argoproj.io/v1/Rollout@",
                "argoproj.io/v1/Rollout@spec..template",
                "argoproj.io/v1/Rollout@spec.template\n",
                "argoproj.io/v1/Roll*",
                "a..b/v1/Rollout",
                "",
            )
        ),
        (
            {"expand": [ROLLOUT, f"{ROLLOUT}@spec.other"]},
            "two places for the template of a Rollout, .*: `spec.template` and `spec.other`",
        ),
        *(
            ({"expand": [text]}, r"judged itself with `enforceOn: \[controllers\]`")
            for text in ("apps/v1/Deployment", "batch/v1/CronJob@spec.x", "extensions/v1/DaemonSet")
        ),
    ],
)
def test_mistakes(options: Options, message: str) -> None:
    """What is unknown is refused, and never passed over."""
    with pytest.raises(UsageError, match=message):
        configured(options)


@pytest.mark.parametrize(
    ("enforcement", "options", "points", "said"),
    [
        (
            "audit",
            {"gator": ["deny"]},
            {"dryrun": [WEBHOOK, AUDIT], "deny": [GATOR]},
            "`dryrun` in the webhook, `dryrun` in an audit, `deny` in gator",
        ),
        (
            "deny",
            {"audit": ["none"]},
            {"deny": [WEBHOOK, GATOR]},
            "`deny` in the webhook, nothing in an audit, `deny` in gator",
        ),
        (
            "deny",
            {"audit": ["warn"], "gator": ["audit"]},
            {"deny": [WEBHOOK], "warn": [AUDIT], "dryrun": [GATOR]},
            "`deny` in the webhook, `warn` in an audit, `dryrun` in gator",
        ),
    ],
)
def test_actions(
    enforcement: str, options: Options, points: dict[str, list[str]], said: str
) -> None:
    """The webhook does what the profile says; an audit and gator what the options say.

    The names of the points are those of Gatekeeper 3.23, pkg/util/enforcement_action.go.
    """
    found = output(options, enforcement)
    expanded = output({**options, "expand": [ROLLOUT]}, enforcement)
    constraints = [*files(found).values(), *files(expanded).values()]
    for each in constraints:
        spec = each["spec"]
        if each["kind"] == "ExpansionTemplate":
            continue
        assert spec["enforcementAction"] == "scoped"
        assert {
            row["action"]: [point["name"] for point in row["enforcementPoints"]]
            for row in spec["scopedEnforcementActions"]
        } == points
    assert said in page(found)


def test_the_same_action_for_all() -> None:
    """Options that say what the profile says change nothing."""
    found = output({"audit": ["warn"], "gator": ["warn"]}, "warn")
    assert files(found) == files(output({}, "warn"))
    for each in files(found).values():
        assert each["spec"]["enforcementAction"] == "warn"
        assert "scopedEnforcementActions" not in each["spec"]
    assert page(found) == page(output({}, "warn"))


def test_the_page_says_when_an_audit_lists_nothing() -> None:
    """The rollout reads the audit, which is told where it must be turned on for that."""
    listed, unlisted = "each constraint says in its status", "Leave the option `audit: none` out"
    assert listed in page(output({}))
    assert unlisted not in page(output({}))
    assert listed not in page(output({"audit": ["none"]}))
    assert unlisted in page(output({"audit": ["none"]}))


def test_kinds_of_ones_own() -> None:
    """Gatekeeper makes pods of them, which constraints beside the others judge."""
    plain, found = files(output({})), files(output({"expand": [ROLLOUT, ROLLOUT]}))
    assert found.items() >= plain.items()
    assert set(found) - set(plain) == {
        "expansion.yaml",
        "privileged-expanded.yaml",
        "runAsUser-expanded.yaml",
    }
    expansion = found["expansion.yaml"]
    assert expansion["kind"] == "ExpansionTemplate"
    assert expansion["apiVersion"] == "expansion.gatekeeper.sh/v1beta1"
    assert expansion["metadata"]["name"] == plain["privileged.yaml"]["metadata"]["name"]
    assert expansion["spec"] == {
        "applyTo": [{"groups": ["argoproj.io"], "versions": ["v1alpha1"], "kinds": ["Rollout"]}],
        "templateSource": "spec.template",
        "generatedGVK": {"group": "", "version": "v1", "kind": "Pod"},
    }
    for rule in ("privileged", "runAsUser"):
        own, beside = plain[f"{rule}.yaml"], found[f"{rule}-expanded.yaml"]
        assert beside["kind"] == own["kind"]
        assert beside["metadata"]["name"] != own["metadata"]["name"]
        match = own["spec"]["match"]
        assert match["source"] == "Original"
        assert beside["spec"] == own["spec"] | {"match": match | {"source": "Generated"}}
    assert output({"expand": [ROLLOUT]}).shared == output({}).shared


def test_one_expansion_for_each_place() -> None:
    """An ExpansionTemplate has one place of the pod template, whatever the order of the kinds."""
    kinds = [ROLLOUT, "x.dev/v1/Nightly@spec.job_template.spec.template", "x.dev/v1beta2/Web"]
    found = files(output({"expand": kinds}))
    made = [found["expansion.yaml"], found["expansion-2.yaml"]]
    assert [each["spec"]["templateSource"] for each in made] == [
        "spec.job_template.spec.template",
        "spec.template",
    ]
    assert [[row["kinds"] for row in each["spec"]["applyTo"]] for each in made] == [
        [["Nightly"]],
        [["Rollout"], ["Web"]],
    ]
    assert len({each["metadata"]["name"] for each in made}) == len(made)
    assert files(output({"expand": [kinds[1], kinds[2], kinds[0]]})).keys() == found.keys()
    # Kinds of one name in two groups are two kinds.
    assert "expansion-2.yaml" in files(output({"expand": [ROLLOUT, "x.dev/v1/Rollout@spec.pod"]}))


def test_controllers_alone() -> None:
    """What is expanded is a pod, also where a profile is for controllers only."""
    made = profile(SPEC.format("deny") + "enforceOn: [controllers]\n")
    found = files(configured({"expand": [ROLLOUT]})(made))
    kinds = found["privileged-expanded.yaml"]["spec"]["match"]["kinds"]
    assert kinds == [{"apiGroups": [""], "kinds": ["Pod"]}]
    core, *_ = found["privileged.yaml"]["spec"]["match"]["kinds"]
    assert "Pod" not in core["kinds"]


def test_the_page_says_what_is_expanded() -> None:
    """What is judged as a whole, and what must not stand beside it, is on the page."""
    plain, found = page(output({})), page(output({"expand": [ROLLOUT]}))
    assert "name its kind: `gatekeeper: {expand: [GROUP/VERSION/KIND]}`" in plain
    assert f"`{ROLLOUT}` (`spec.template`)" in found
    assert "name its kind" not in found
    for only in ("`kubectl get expansiontemplate`", "but a controller without a template", "CONTR"):
        assert only in found
        assert only not in plain
