"""The manifests against the schemas of Kubernetes, offline, and against what the service asks of them."""

import re
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "deploy" / "kubernetes"
VERSION = "1.31"
SETTING = re.compile(r"CDS_[A-Z_]+")


def manifests():
    files = [file for file in sorted(FOLDER.glob("*.yaml")) if file.name != "kustomization.yaml"]
    return [each for file in files for each in yaml.safe_load_all(file.read_text())]


def of_kind(kind):
    return [each for each in manifests() if each["kind"] == kind]


def pods():
    return list(_pods())


def _pods():
    for each in manifests():
        spec = each.get("spec", {})
        if each["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if "template" in spec:
            yield pytest.param(spec["template"]["spec"], id=f"{each['kind']}-{each['metadata']['name']}")


@pytest.mark.parametrize(
    "manifest", [pytest.param(each, id=f"{each['kind']}-{each['metadata']['name']}") for each in manifests()]
)
def test_every_manifest_is_what_the_schema_of_kubernetes_allows(manifest):
    kubernetes_validate.validate(manifest, VERSION, strict=True)


def test_a_manifest_with_a_misspelt_member_is_noticed():
    wrong = of_kind("PodDisruptionBudget")[0] | {"specs": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


def test_the_kustomization_names_every_manifest():
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == sorted(
        file.name for file in FOLDER.glob("*.yaml") if file.name != "kustomization.yaml"
    )


@pytest.mark.parametrize("pod", pods())
def test_no_pod_runs_as_root_or_writes_to_its_image(pod):
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        allowed = container["securityContext"]
        assert allowed["readOnlyRootFilesystem"] is True
        assert allowed["allowPrivilegeEscalation"] is False
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}  # noqa: S108


@pytest.mark.parametrize("pod", pods())
def test_secrets_are_referred_to_and_files_named_by_settings_are_mounted(pod):
    settings = of_kind("ConfigMap")[0]["data"]
    for container in pod["containers"]:
        own = {each["name"]: each for each in container.get("env", [])}
        assert "secretKeyRef" in own["CDS_DATABASE_URL"]["valueFrom"]
        assert "CDS_DATABASE_URL" not in settings
        values = {name: each["value"] for name, each in own.items() if "value" in each}
        if "envFrom" in container:
            values |= settings
        places = [mount["mountPath"] for mount in container["volumeMounts"]]
        for name, value in values.items():
            if value.startswith("/"):
                assert any(value.startswith(place + "/") for place in places), (name, value)


def test_every_setting_in_the_deploy_files_is_documented():
    documented = set(SETTING.findall((ROOT / "deploy" / "README.md").read_text()))
    for file in sorted((ROOT / "deploy").rglob("*")):
        if file.is_file() and file.suffix != ".md":
            assert set(SETTING.findall(file.read_text())) <= documented, file.name


def test_the_probes_ask_what_the_service_answers_without_a_token():
    container = of_kind("Deployment")[0]["spec"]["template"]["spec"]["containers"][0]
    paths = {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe")}
    assert paths == {"/healthz"}
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_the_selectors_and_policies_are_for_the_pods_of_the_deployment():
    labels = of_kind("Deployment")[0]["spec"]["template"]["metadata"]["labels"]
    selectors = [of_kind("Deployment")[0]["spec"]["selector"]["matchLabels"]]
    selectors += [of_kind("Service")[0]["spec"]["selector"]]
    selectors += [of_kind("PodDisruptionBudget")[0]["spec"]["selector"]["matchLabels"]]
    selectors += [of_kind("NetworkPolicy")[0]["spec"]["podSelector"]["matchLabels"]]
    for selector in selectors:
        assert selector.items() <= labels.items()


def test_the_network_policy_admits_nobody_and_reaches_nothing_that_is_not_named():
    policy = of_kind("NetworkPolicy")[0]["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    for rule in policy["ingress"]:
        assert rule["from"]
        assert all(peer for peer in rule["from"])
    for rule in policy["egress"]:
        assert rule["to"]
        assert all(peer.get("ipBlock", {}).get("cidr") != "0.0.0.0/0" for peer in rule["to"])
