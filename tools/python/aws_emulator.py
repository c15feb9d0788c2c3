"""moto 5.2.5, with some things put right, and the networks in it that an environment expects to be there.

A second apply would otherwise set out to mend what differs in the emulator alone, and replace nodes for it:
- a private zone is private and tells its VPCs;
- a launch template does not take its own tags for tags of what it launches;
- a rule between two security groups keeps its description;
- a record may be deleted and created anew in one batch of changes, also with a value that it had before;
- a resolver endpoint keeps its type and protocols;
- an Auto Scaling group keeps its service-linked role, warmup and maintenance policy, a lifecycle hook notifies nobody
  by itself, and a scaling policy is in force and predicts nothing unless told to;
- an instance refresh can be started: it replaces nothing, as no instance of moto runs anything;
- requests are answered one at a time;
- MOTO_ACCOUNT_ID is the account of keys that are nobody's, and not of all: a role's keys are of the role's account.

CLIENT_NETWORKS holds them as JSON: {"account", "region", "networks": [{"vpc", "cidr", "subnets"}]}. On AWS somebody else
made them; no API makes a VPC under a given id, so they are made here before the server starts.
"""

import ipaddress
import json
import os
import sys
import threading
import uuid

from moto.autoscaling import models as autoscaling_models
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.ec2 import ec2_backends
from moto.ec2.models import launch_templates
from moto.ec2.models import subnets as subnet_models
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models import vpcs as vpc_models
from moto.iam import models as iam_models
from moto.route53.models import FakeZone, Route53Backend
from moto.route53.responses import Route53
from moto.route53resolver.models import ResolverEndpoint
from moto.route53resolver.responses import Route53ResolverResponse
from moto import server
from werkzeug.serving import run_simple

_create_hosted_zone = Route53.create_hosted_zone
_add_vpc = FakeZone.add_vpc
_change_records = Route53Backend.change_resource_record_sets
_create_version = launch_templates.LaunchTemplate.create_version
_create_group = AutoScalingResponse.create_auto_scaling_group
_update_group = AutoScalingResponse.update_auto_scaling_group
_make_hook = autoscaling_models.LifecycleHook.__init__
_create_endpoint = Route53ResolverResponse.create_resolver_endpoint
_describe_endpoint = ResolverEndpoint.description
_make_policy = autoscaling_models.FakeScalingPolicy.__init__

# Of a group, in the answer's spelling and in moto's.
KEPT_OF_GROUP = {
    "ServiceLinkedRoleARN": "service_linked_role_arn",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
}

# moto takes it for the account of all keys while it is set.
DEFAULT_ACCOUNT = os.environ.pop("MOTO_ACCOUNT_ID", iam_models.DEFAULT_ACCOUNT_ID)

_one_at_a_time = threading.Lock()


def serve(host, port, app, **settings):
    """moto answers in threads, and its tables are not made for that: a request that meets another's change may fail once
    its own is made, is sent again by its client, and is refused for what it has made itself."""

    def answer(environ, start_response):
        with _one_at_a_time:
            return app(environ, start_response)

    run_simple(host, port, answer, **settings)


def account_of(access_key):
    # moto's own looks into all partitions, and loads the policies that AWS manages into each.
    accounts = list(iam_models.iam_backends.items())
    return next((account for account, iam in accounts if access_key in iam["aws"].access_keys), DEFAULT_ACCOUNT)


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


def change_records(backend, zone, changes):
    of = lambda change: (change["ResourceRecordSet"]["Name"].rstrip("."), change["ResourceRecordSet"]["Type"])
    deleted = {of(change) for change in changes if change["Action"] == "DELETE"}
    for change in changes:
        if change["Action"] == "CREATE" and of(change) in deleted:
            change["Action"] = "UPSERT"
    return _change_records(backend, zone, changes)


def create_version(template, data, description):
    if "TagSpecifications" in data:
        kept = [tags for tags in data["TagSpecifications"] if tags.get("ResourceType") != "launch-template"]
        data = {**data, "TagSpecifications": kept}
    return _create_version(template, data, description)


def keeping_settings(action):
    def act(response):
        result = action(response)
        [group] = response.autoscaling_backend.describe_auto_scaling_groups([response._get_param("AutoScalingGroupName")])
        for name, attribute in KEPT_OF_GROUP.items():
            value = response._get_param(name)
            if value is not None:
                setattr(group, attribute, value)
        return result

    return act


def create_endpoint(response):
    identifier = json.loads(_create_endpoint(response))["ResolverEndpoint"]["Id"]
    endpoint = response.route53resolver_backend.get_resolver_endpoint(identifier)
    endpoint.kept = {name: response._get_param(name) for name in ("ResolverEndpointType", "Protocols")}
    return json.dumps({"ResolverEndpoint": endpoint.description()})


def describe_endpoint(endpoint):
    return {**_describe_endpoint(endpoint), **getattr(endpoint, "kept", {})}


def make_hook(hook, *arguments, **more):
    _make_hook(hook, *arguments, **more)
    hook.role_arn = hook.notification_target_arn = None


def start_instance_refresh(response):
    # Refuses a group that there is not.
    response.autoscaling_backend.describe_auto_scaling_groups([response._get_param("AutoScalingGroupName")])
    return ActionResult({"InstanceRefreshId": str(uuid.uuid4())})


def make_policy(policy, *arguments, **more):
    _make_policy(policy, *arguments, **more)
    policy.enabled = True
    policy.predictive_scaling_configuration = policy.predictive_scaling_configuration or None


iam_models.get_account_id_from = account_of
server.run_simple = serve
Route53.create_hosted_zone = create_hosted_zone
AutoScalingResponse.create_auto_scaling_group = keeping_settings(_create_group)
AutoScalingResponse.update_auto_scaling_group = keeping_settings(_update_group)
AutoScalingResponse.start_instance_refresh = start_instance_refresh
autoscaling_models.LifecycleHook.__init__ = make_hook
autoscaling_models.FakeScalingPolicy.__init__ = make_policy
SecurityGroupRule.description = property(
    lambda rule: (rule.ip_range or {}).get("Description") or (rule.source_group or {}).get("Description")
)
Route53ResolverResponse.create_resolver_endpoint = create_endpoint
ResolverEndpoint.description = describe_endpoint
FakeZone.add_vpc = add_vpc
Route53Backend.change_resource_record_sets = change_records
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
    sys.exit(server.main(sys.argv[1:]))
