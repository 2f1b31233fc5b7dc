"""The allow-list of FHIR servers: one spelling for each address, compared part by part."""

import pytest
from address_spellings import OTHER_SPELLINGS

from cds_service.fhir.allow_list import allowed_server, read_allow_list
from cds_service.fhir.queries import query_url
from cds_service.fhir.server_url import below, read_base, read_url

HOSPITAL = "https://fhir.hospital.example/api/r4"


def listed(*entries, plain_http=False):
    return read_allow_list(entries, plain_http=plain_http)


def allowed(url, *entries):
    return allowed_server(url, listed(*entries)) is not None


@pytest.mark.parametrize(
    "url",
    [
        HOSPITAL, HOSPITAL + "/", "HTTPS://FHIR.Hospital.EXAMPLE/api/r4", "https://fhir.hospital.example:443/api/r4",
    ],
)  # fmt: skip
def test_the_listed_server_is_allowed_in_each_spelling_of_the_same_address(url):
    assert allowed(url, HOSPITAL)


@pytest.mark.parametrize(
    "url",
    [
        "http://fhir.hospital.example/api/r4", "https://fhir.hospital.example/api", "https://fhir.hospital.example/api/r45",
        "https://fhir.hospital.example/api/r4/x", "https://fhir.hospital.example/API/r4",
        "https://fhir.hospital.example:444/api/r4", "https://fhir.hospital.example.evil.example/api/r4",
        "https://fhir.hospital.example@evil.example/api/r4", "https://evil.example/https://fhir.hospital.example/api/r4",
        "https://evil.example?https://fhir.hospital.example/api/r4", "https://evil.example#fhir.hospital.example/api/r4",
        "https://evil.example\\@fhir.hospital.example/api/r4", "https://fhir.hospital.example\\.evil.example/api/r4",
        "https://user@fhir.hospital.example/api/r4", "https://user:pw@fhir.hospital.example/api/r4",
        "https://@fhir.hospital.example/api/r4", "https://fhir.hospital.example/api/x/../r4",
        "https://fhir.hospital.example/api/./r4", "https://fhir.hospital.example/api/r4/.", "https://fhir.hospital.example//api/r4",
        "https://fhir.hospital.example/api%2fr4", "https://fhir.hospital.example/api/%72%34",
        "https://fhir.hospital.example/api/r4/%2e%2e", "https://fhir.hospital.example/api/r4?x=1",
        "https://fhir.hospital.example/api/r4?", "https://fhir.hospital.example/api/r4#x",
        " https://fhir.hospital.example/api/r4", "https://fhir.hospital.example/api/r4\n",
        "https://fhir.hospital.example/a\tpi/r4",
        "https:\\\\fhir.hospital.example/api/r4", "https:fhir.hospital.example/api/r4",
        "//fhir.hospital.example/api/r4",
        "https:///fhir.hospital.example/api/r4", "https://fhir.hospital.example./api/r4", "https://fhir.hospital.example:/api/r4",
        "https://fhir.hospital.example:0/api/r4", "https://fhir.hospital.example:443x/api/r4", "https://fhir.hospital.example:*/api/r4",
        "https://fhir.hospital.example/api/*", "https://*/api/r4", "https://fhír.hospital.example/api/r4",
        "https://fhir。hospital.example/api/r4", "ftp://fhir.hospital.example/api/r4", "file:///etc/passwd", "", "https://",
        "fhir.hospital.example/api/r4", None, 5, True, [], {},
    ],
)  # fmt: skip
def test_anything_else_is_not(url):
    assert not allowed(url, HOSPITAL)


@pytest.mark.parametrize(
    ("entry", "url", "yes"),
    [
        ("https://a.example:*/fhir", "https://a.example/fhir", True),
        ("https://a.example:*/fhir", "https://a.example:8443/fhir", True),
        ("https://a.example:*/fhir", "https://b.example:8443/fhir", False),
        ("https://a.example/*/fhir", "https://a.example/one/fhir", True),
        ("https://a.example/*/fhir", "https://a.example/one/two/fhir", False),
        ("https://a.example/*/fhir", "https://a.example/fhir", False),
        ("https://a.example/tenants/*", "https://a.example/tenants/one", True),
        ("https://a.example/tenants/*", "https://a.example/tenants/one/r4", True),
        ("https://a.example/tenants/*", "https://a.example/tenants", True),
        ("https://a.example/tenants/*", "https://a.example/other/one", False),
        ("https://a.example/*", "https://a.example", True),
        ("https://a.example", "https://a.example/", True),
        ("https://a.example", "https://a.example/fhir", False),
        ("https://[2001:db8::1]/fhir", "https://[2001:DB8:0::0:1]/fhir", True),
        ("https://10.0.0.7/fhir", "https://10.0.0.7/fhir", True),
        ("http://localhost:*/fhir", "http://localhost:8080/fhir", True),
    ],
)
def test_a_star_stands_for_the_port_or_for_parts_of_the_path(entry, url, yes):
    assert allowed(url, entry) is yes


@pytest.mark.parametrize(
    "entry",
    [
        "https://*/fhir", "https://*.hospital.example/fhir", "*", "https://a.example/fhir*", "https://a.example/**",
        "https://a.example:*0/fhir", "a.example/fhir", "https://u@a.example/fhir", "https://a.example/fhir?x",
        "https://a.example/../fhir", "https://a.example/%2e/fhir", "ftp://a.example", "https://169.254.169.254/",
        "https://[fe80::1]/fhir", "https://[fd00:ec2::254]/fhir", "https://0.0.0.0/fhir", "https://[::]/fhir",
        "https://224.0.0.1/fhir", "https://[::ffff:169.254.169.254]/fhir", "https://[64:ff9b::a9fe:a9fe]/fhir",
        "https://127.1/fhir", "https://2130706433/fhir", "https://0x7f.0.0.1/fhir", "http://a.example/fhir",
        "http://10.0.0.7/fhir",
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_used_is_refused_by_name(entry):
    with pytest.raises(ValueError, match="is "):
        listed(entry)


def test_plain_http_beyond_loopback_is_taken_on_purpose_only():
    assert listed("http://ehr.test/fhir", plain_http=True)
    assert listed("http://127.0.0.1:8080/fhir", "http://[::1]/fhir", "http://localhost/fhir")


@pytest.mark.parametrize("host", OTHER_SPELLINGS)
def test_no_spelling_of_this_machine_or_of_metadata_passes_for_a_listed_host(host):
    entries = ("https://fhir.hospital.example/fhir", "http://127.0.0.1:*/fhir", "https://10.0.0.7/fhir")
    for scheme in ("http", "https"):
        for port in ("", ":80", ":8080"):
            assert not allowed(f"{scheme}://{host}{port}/fhir", *entries)


BASE = read_base("https://ehr.example:8443/fhir")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("https://ehr.example:8443/fhir/Patient/1", "https://ehr.example:8443/fhir/Patient/1"),
        ("https://ehr.example:8443/fhir?_getpages=x", "https://ehr.example:8443/fhir?_getpages=x"),
        ("/fhir/Patient/1", "https://ehr.example:8443/fhir/Patient/1"),
        ("Patient/1", "https://ehr.example:8443/fhir/Patient/1"),
        ("?page=2", "https://ehr.example:8443/fhir/Condition?page=2"),
        ("Condition?page=2", "https://ehr.example:8443/fhir/Condition?page=2"),
        (
            "?code=http://loinc.org%7C1-8&page=2",
            "https://ehr.example:8443/fhir/Condition?code=http://loinc.org%7C1-8&page=2",
        ),
        (
            "Observation?code=http://loinc.org%7C1-8&page=2",
            "https://ehr.example:8443/fhir/Observation?code=http://loinc.org%7C1-8&page=2",
        ),
        ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", None),
        ("javascript:Patient/1", None),
        ("x://ehr.example:8443/fhir/Patient/1", None),
        ("/other/Patient/1", None),
        ("/fhir2/Patient/1", None),
        ("../Patient/1", None),
        ("https://ehr.example/fhir/Patient/1", None),
        ("http://ehr.example:8443/fhir/Patient/1", None),
        ("//ehr.example:8443/fhir/Patient/1", None),
        ("https://ehr.example:8443/fhir/../other", None),
        ("https://ehr.example:8443/fhir/%2e%2e/other", None),
        ("https://ehr.example:8443@evil.example/fhir", None),
        ("", None),
        (None, None),
    ],
)
def test_a_link_is_followed_below_the_base_only(written, sent):
    found = below(BASE, written, read_url("https://ehr.example:8443/fhir/Condition?page=1"))
    assert (str(found) if found else None) == sent


@pytest.mark.parametrize(
    ("patient", "sent"),
    [
        ("p1", "https://ehr.example:8443/fhir/Patient/p1"),
        ("e3-x.Y_z", "https://ehr.example:8443/fhir/Patient/e3-x.Y_z"),
        ("..", None),
        (".", None),
        ("a/b", None),
        ("a\\b", None),
        ("a b", None),
        ("a%2fb", None),
        ("a?b", None),
    ],
)
def test_an_id_stands_for_itself_in_a_read(patient, sent):
    found = query_url(BASE, "Patient/{{context.patientId}}", patient, "")
    assert (str(found) if found else None) == sent


def test_the_values_of_a_search_are_encoded():
    found = query_url(
        BASE, "Observation?patient={{context.patientId}}&code=http://loinc.org|1-8&_count=5", "a&b=c", ""
    )
    assert (
        str(found)
        == "https://ehr.example:8443/fhir/Observation?patient=a%26b%3Dc&code=http://loinc.org%7C1-8&_count=5"
    )
