import { isObject } from "../json-object";
import { tagKeys } from "../naming";
import {
  blocks,
  isExpression,
  isTrue,
  refersTo,
  type Check,
  type Complaint,
  type Resource,
  type Surroundings,
} from "./resource";

/**
 * A resource does not say which environment it belongs to: nobody finds it, bills it or cleans it up. The provider's
 * default tags count, but they reach neither an Auto Scaling group nor what one launches.
 */
export const missingTags: Check = (resource, around) => {
  switch (resource.type) {
    case "aws_autoscaling_group":
      return autoScalingGroup(resource, around);
    case "aws_launch_template":
      return [...ownTags(resource, around), ...launchTemplate(resource, around)];
    default:
      return ownTags(resource, around);
  }
};

const KEY = tagKeys.environment;

function ownTags(resource: Resource, around: Surroundings): Complaint[] {
  const own = resource.values.tags;
  if (!resource.address.startsWith("aws_") || isExpression(own)) {
    return [];
  }
  const tags = { ...around.defaultTags(resource), ...(isObject(own) ? own : {}) };
  return KEY in tags || around.hasTags(resource) ? wrongTag(tags[KEY], around, "tags") : [];
}

function wrongTag(value: unknown, { environment }: Surroundings, where: string): Complaint[] {
  return value === environment || isExpression(value)
    ? []
    : [
        {
          wrong:
            value === undefined ? `no ${KEY} in ${where}` : `${KEY} is ${JSON.stringify(value)} in ${where}`,
          right: `write ${KEY}: ${environment}`,
        },
      ];
}

function autoScalingGroup(group: Resource, around: Surroundings): Complaint[] {
  const tag = blocks(group.values, "tag").find(({ key }) => key === KEY);
  const hasTemplate = around.resources.some(
    (other) => other.type === "aws_launch_template" && refersTo(group, other),
  );
  const reaches =
    hasTemplate ||
    tag === undefined ||
    isTrue(tag.propagate_at_launch) ||
    isExpression(tag.propagate_at_launch);
  return [
    ...wrongTag(tag?.value, around, "tag (the provider's default tags do not reach it)"),
    ...(reaches
      ? []
      : [{ wrong: `${KEY} is not passed on to instances`, right: "write propagate_at_launch: true" }]),
  ];
}

/** The instances may have their tag from the groups that launch them, volumes have theirs from the template alone. */
function launchTemplate(template: Resource, around: Surroundings): Complaint[] {
  const groups = around.resources.filter(
    (other) => other.type === "aws_autoscaling_group" && refersTo(other, template),
  );
  const isPassedOn =
    groups.length > 0 &&
    groups.every(({ values }) =>
      blocks(values, "tag").some(({ key, propagate_at_launch: passed }) => key === KEY && isTrue(passed)),
    );
  const specifications = blocks(template.values, "tag_specifications");
  return ["instance", "volume"].flatMap((resourceType) => {
    const own = specifications.find(({ resource_type }) => resource_type === resourceType)?.tags;
    const value = isObject(own) ? own[KEY] : undefined;
    return isExpression(own) || (value === undefined && resourceType === "instance" && isPassedOn)
      ? []
      : wrongTag(value, around, `tag_specifications of ${resourceType}s`);
  });
}
