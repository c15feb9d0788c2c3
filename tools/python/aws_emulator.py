"""moto 5.2.5, with two things put right, and the networks in it that an environment expects to be there.

A private zone is private and tells its VPCs, and a launch template does not take its own tags for tags of what it launches: a second
apply would otherwise set out to mend what differs in the emulator alone, and replace nodes for it.

CLIENT_NETWORKS holds them as JSON: {"account", "region", "networks": [{"vpc", "cidr", "subnets"}]}. On AWS somebody else
made them; no API makes a VPC under a given id, so they are made here before the server starts.
"""

import ipaddress
import json
import os
import sys

from moto.ec2 import ec2_backends
from moto.ec2.models import launch_templates
from moto.ec2.models import subnets as subnet_models
from moto.ec2.models import vpcs as vpc_models
from moto.route53.models import FakeZone
from moto.route53.responses import Route53
from moto.server import main

_create_hosted_zone = Route53.create_hosted_zone
_add_vpc = FakeZone.add_vpc
_create_version = launch_templates.LaunchTemplate.create_version


def create_hosted_zone(response):
    flag = response._get_bool_param
    # A zone that is made with a VPC is private on AWS, whatever else is said.
    response._get_bool_param = lambda name, default=None: (
        response._get_param("VPC.VPCId") is not None if name.endswith(".PrivateZone") else flag(name, default)
    )
    return _create_hosted_zone(response)


def add_vpc(zone, vpc_id, vpc_region):
    vpc = _add_vpc(zone, vpc_id, vpc_region)
    # The names by which the answer's schema knows them.
    vpc.update({"VPCId": vpc_id, "VPCRegion": vpc_region})
    return vpc


def create_version(template, data, description):
    if "TagSpecifications" in data:
        kept = [tags for tags in data["TagSpecifications"] if tags.get("ResourceType") != "launch-template"]
        data = {**data, "TagSpecifications": kept}
    return _create_version(template, data, description)


Route53.create_hosted_zone = create_hosted_zone
FakeZone.add_vpc = add_vpc
launch_templates.LaunchTemplate.create_version = create_version


def make_client_networks(account, region, networks):
    backend = ec2_backends[account][region]
    zones = [zone.name for zone in backend.describe_availability_zones()]
    for network in networks:
        vpc_models.random_vpc_id = lambda: network["vpc"]
        # moto holds a VPC to /16 to /28, as AWS does; a client's network may be any.
        prefix = ipaddress.ip_network(network["cidr"])
        cidr = prefix if prefix.prefixlen >= 16 else next(prefix.subnets(new_prefix=16))
        backend.create_vpc(str(cidr))
        parts = cidr.subnets(new_prefix=min(28, cidr.prefixlen + 8))
        for index, (subnet, part) in enumerate(zip(network["subnets"], parts)):
            subnet_models.random_subnet_id = lambda: subnet
            backend.create_subnet(network["vpc"], str(part), availability_zone=zones[index % len(zones)])


def restoring(action, *arguments):
    originals = vpc_models.random_vpc_id, subnet_models.random_subnet_id
    try:
        action(*arguments)
    finally:
        vpc_models.random_vpc_id, subnet_models.random_subnet_id = originals


if __name__ == "__main__":
    wanted = json.loads(os.environ.get("CLIENT_NETWORKS", "null"))
    if wanted is not None:
        restoring(make_client_networks, wanted["account"], wanted["region"], wanted["networks"])
    sys.exit(main(sys.argv[1:]))
