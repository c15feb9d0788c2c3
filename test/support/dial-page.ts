import type { Deed, DialActions, Outcome } from "../../operations/dial/page/actions";
import { DialPage, type DialPageOptions } from "../../operations/dial/page/server";
import type { DialSnapshot } from "../../operations/dial/status";
import { dialSnapshot } from "./dial-snapshot";

/** An action as the page's server has called it. */
export interface Called extends Partial<Deed> {
  readonly name: string;
  readonly [detail: string]: unknown;
}

/** The page's server over a dial that the test makes up. */
export class FakeDial {
  /** What is seen at the next look; an error is a look that fails. */
  snapshot: DialSnapshot | Error = dialSnapshot();
  /** What actions end with; an error is thrown. */
  outcome: Outcome | Error = {
    ...{ text: "Generation 8 is written: alpha 50, bravo 50.", ends: [], problem: null },
    ...{ before: { alpha: 75, bravo: 25 }, after: { alpha: 50, bravo: 50 } },
  };
  /** Actions end when it resolves. */
  until: Promise<unknown> = Promise.resolve();
  /** All that was asked for, dry runs apart. */
  readonly called: Called[] = [];
  readonly previewed: Called[] = [];

  start(options: Partial<DialPageOptions> = {}): Promise<DialPage> {
    return DialPage.start({
      ...{ environment: "development", confirms: false, by: "anna@laptop", pollMs: 200 },
      observe: () =>
        this.snapshot instanceof Error
          ? Promise.reject(this.snapshot)
          : Promise.resolve({ ...this.snapshot, at: new Date().toISOString() }),
      actions: this.actions,
      ...options,
    });
  }

  private get actions(): DialActions {
    const action = (name: string) => async (deed: Deed) => {
      const { signal: _, ...rest } = deed;
      (deed.dryRun ? this.previewed : this.called).push({ name, ...rest });
      if (!deed.dryRun) await this.until;
      if (this.outcome instanceof Error) throw this.outcome;
      return this.outcome;
    };
    const [step, hold, resume] = [action("step"), action("hold"), action("resume")];
    return { step, hold, resume, back: action("back"), drain: action("drain") };
  }
}
