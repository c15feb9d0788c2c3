import type { Environment } from "../../../environment/schema";
import type { Consul } from "../../consul/client";
import { goBack } from "../back";
import { readPosition } from "../change";
import { drainCluster } from "../drain";
import { laggards } from "../follow";
import { continueRamp, holdRamp } from "../ramp/hold";
import type { ChangeRequest, ChangeResult } from "../request";
import { setDial } from "../set";
import { shifted, showWeights } from "../weights";
import type { Deed, DialActions, Outcome } from "./actions";

/** For gateways to follow a change: as the commands wait by themselves. */
const WAIT_MS = 60_000;

/** The page's changes, by the functions that are the commands' own. */
export function dialActions(
  environment: Environment,
  consulOf: (signal: AbortSignal) => Consul,
): DialActions {
  const request = ({ by, dryRun, signal }: Deed): ChangeRequest => ({
    ...{ environment, consul: consulOf(signal), by, dryRun, signal, waitMs: WAIT_MS },
  });
  const ramp = ({ by, why, dryRun, signal }: Deed) => ({
    ...{ environment: environment.environment, consul: consulOf(signal), by, why, dryRun },
  });
  return {
    async step({ to, share, generation, override, ...deed }) {
      const asked = request(deed);
      const { current } = await readPosition(asked.consul, environment);
      const weights = shifted(current?.weights ?? {}, to, share);
      return told(await setDial({ ...asked, weights, why: deed.why, generation, override }));
    },
    async back({ generation, ...deed }) {
      return told(await goBack({ ...request(deed), why: deed.why, generation }));
    },
    async drain({ cluster, to, ...deed }) {
      return told(await drainCluster({ ...request(deed), why: deed.why, cluster, to }));
    },
    async hold(deed) {
      await holdRamp(ramp(deed));
      return unchanged("The ramp takes no further step until somebody lets it go on.");
    },
    async resume(deed) {
      await continueRamp(ramp(deed));
      return unchanged("The ramp goes on.");
    },
  };
}

function told({ changed, dryRun, generation, before, after, ends, effect }: ChangeResult): Outcome {
  const weights = { before: before?.weights ?? null, after, ends: dryRun ? ends : [] };
  if (!changed)
    return { ...weights, text: `Nothing to do: it is ${showWeights(after)} already.`, problem: null };
  if (dryRun) return { ...weights, text: `This would be generation ${generation}.`, problem: null };
  const text = `Generation ${generation} is written: ${showWeights(after)}.`;
  const lags = effect !== null && !effect.followed;
  return {
    ...weights,
    text,
    problem: lags ? `Not all gateways follow: ${laggards(effect.gateways)}.` : null,
  };
}

const unchanged = (text: string): Outcome => ({ text, before: null, after: null, ends: [], problem: null });
