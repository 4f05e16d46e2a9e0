"""Each region of each of AWS's partitions has the address that botocore's partitions.json and its endpoint rules give it."""

import re

import botocore.session
from botocore.endpoint_provider import EndpointProvider

from harness.tenant import Tenant

LOADER = botocore.session.get_session().get_component("data_loader")
PARTITIONS = LOADER.load_data("partitions")
# Without names such as aws-global, which are no regions of a bucket.
REGIONS = [(partition["id"], partition["outputs"]["dnsSuffix"], region) for partition in PARTITIONS["partitions"]
           for region in partition["regions"] if re.search(r"-\d+$", region)]


def tenant(region: str) -> Tenant:
    return Tenant(region, store={"bucket": f"acme-{region}", "region": region})


def test_every_region_has_its_address(make_service):
    provider = EndpointProvider(LOADER.load_service_model("s3", "endpoint-rule-set-1"), PARTITIONS)
    assert {each[0] for each in REGIONS} == {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}, \
        "a partition that Partition.swift does not have"
    tenants = [tenant(region) for _, _, region in REGIONS]
    with make_service("partitions", tenants) as service:
        given = {each.id: service.ticket(each.token(), rule="avatars", contentType="image/png")["url"] for each in tenants}
    for _, suffix, region in REGIONS:
        theirs = provider.resolve_endpoint(Bucket=f"acme-{region}", Region=region, UseFIPS=False, UseDualStack=False, Accelerate=False,
                                           ForcePathStyle=False, UseGlobalEndpoint=False).url
        assert given[region] == theirs + "/"
        assert given[region].endswith(f".{region}.{suffix}/")


def test_the_table_in_the_source(root):
    """The suffixes of all partitions, which STS uses too and no ticket shows."""
    source = (root / "Sources/PostPolicy/Endpoint/Partition.swift").read_text()
    names = dict(re.findall(r'case (\w+) = "([a-z-]+)"', source)) | {"aws": "aws"}
    table = source[source.index("var suffix: String"):]
    suffixes = {names[case]: suffix for cases, suffix in re.findall(r'case ([.\w, ]+): "([a-z0-9.-]+)"', table)
                for case in re.findall(r"\.(\w+)", cases)}
    assert suffixes == {partition["id"]: partition["outputs"]["dnsSuffix"] for partition in PARTITIONS["partitions"]}
