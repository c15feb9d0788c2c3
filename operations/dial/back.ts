import type { Consul } from "../consul/client";
import { OperationFailure } from "../failure";
import { applyChange, type Plan, type Situation } from "./apply";
import { readAudit, type AuditRecord } from "./audit";
import type { ChangeRequest, ChangeResult } from "./request";
import type { Dial } from "./state";
import { asArguments, sameWeights } from "./weights";

export interface BackRequest extends ChangeRequest {
  /** @default what it goes back to */
  readonly why?: string;
}

/**
 * Goes back to the weights before the last change; all steps of a ramp are one change. A ramp that is on, or interrupted,
 * ends with it, whoever runs it.
 *
 * A second one does not undo the first: two people who do the same in a hurry are not to end where they began.
 *
 * @throws OperationFailure refused, when there is nothing to go back to, or a cluster there cannot take it; conflict
 */
export function goBack(request: BackRequest): Promise<ChangeResult> {
  const { environment, consul } = request;
  return applyChange(request, async (situation) => {
    const plan = planOfRamp(situation) ?? (await planOfLog(consul, environment.environment, situation));
    return { ...plan, why: request.why ?? plan.why };
  });
}

function planOfRamp({ ramp: { record }, holder }: Situation): Plan | undefined {
  return record === undefined
    ? undefined
    : {
        action: "back",
        weights: record.before.weights,
        why: `back from the ramp to ${record.to}`,
        breaks: holder?.run === record.run ? holder : undefined,
        endsRamp: true,
      };
}

/** So many steps of a ramp are found together. */
const MOST_RECORDS = 256;

async function planOfLog(consul: Consul, environment: string, { position }: Situation): Promise<Plan> {
  const { last } = position;
  if (last === undefined) {
    throw new OperationFailure(
      "refused",
      "there is no record of a change to go back from",
      `name the weights: skyline dial set --env ${environment}`,
    );
  }
  const written = position.reading.dial;
  if (written !== undefined && !isRecorded(written, last)) {
    const why = `back to generation ${last.generation}, from weights that have no record`;
    return { action: "back", weights: last.weights, why, endsRamp: true };
  }
  if (last.action === "back" || last.action === "return") {
    const again =
      last.from === null ? "" : `; forward again: skyline dial set ${asArguments(last.from.weights)}`;
    throw new OperationFailure(
      "refused",
      `generation ${last.generation} has gone back already (${last.action} by ${last.by}, ${last.at}: ${last.why})`,
      `nothing is to be done${again}${again === "" ? "" : ` --env ${environment}`}`,
    );
  }
  const first = firstOfRun(last, await readAudit(consul, environment, MOST_RECORDS));
  if (first.from === null) {
    throw new OperationFailure(
      "refused",
      `nobody could tell what was in force before generation ${first.generation}`,
      `name the weights: skyline dial set --env ${environment}`,
    );
  }
  const why = `back to the weights before generation ${first.generation} (${first.why})`;
  return { action: "back", weights: first.from.weights, why, endsRamp: true };
}

/** Whether the dial is as this record has it: somebody may have written the key by hand. */
const isRecorded = (dial: Dial, { generation, weights }: AuditRecord) =>
  dial.generation === generation && sameWeights(dial.weights, weights);

/** @param newest records, newest first */
function firstOfRun(last: AuditRecord, newest: readonly AuditRecord[]): AuditRecord {
  const other = newest.findIndex(({ run }) => run === null || run !== last.run);
  return (other === -1 ? newest : newest.slice(0, other)).at(-1) ?? last;
}
