import { textsOf } from "../document";
import { quoted, type Problem, type Subject } from "../finding";
import { sectionLabels } from "./sections";

/** As cdktf makes them. Terraform allows letters of all scripts, some of which look like those of another. */
const NAME = /^[A-Za-z_][-\w]{0,254}$/;

/** What is not seen, or changes what is: control and format characters, fillers, halves of pairs. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** Controls that make text read in another order than it is in: no language needs them within a line of code. */
const REORDERING = /[\u202a-\u202e\u2066-\u2069\p{Cs}]/u;

/** Keys of what names something for people and other programs. */
const NAMING = /(^|[_-])(name|name_prefix|bucket|identifier|alias|domain)$/i;

/** Names are what they look like: plain ASCII in Terraform's own, and nothing hidden in any other. */
export function* names({ code, blocks }: Subject): Generator<Problem> {
  for (const [section, labels] of sectionLabels) {
    for (const block of blocks(section)) {
      const own = section === "locals" ? Object.keys(block.body).filter((key) => key !== "//") : [];
      for (const name of [...block.labels.slice(0, labels), ...own].filter((each) => !NAME.test(each))) {
        yield {
          where: block.where,
          message: `${quoted(name)} is no name; letters, digits, _ and - make one, a letter first`,
        };
      }
    }
  }
  for (const { kind, text, where, key } of textsOf(code, "")) {
    const seen = text.includes("{") ? decoded(text) : text;
    if ((kind === "key" || NAMING.test(key)) && HIDDEN.test(seen)) {
      yield { where, message: `${quoted(text)} has characters in it that are not seen` };
    } else if (REORDERING.test(seen)) {
      yield { where, message: "has characters in it that make it read in another order than it is in" };
    }
  }
}

/** Strings within expressions may have such characters as escapes. */
const decoded = (text: string) =>
  text.replace(/\\(?:u([0-9a-f]{4})|U([0-9a-f]{8}))/gi, (escape, short?: string, long?: string) => {
    const point = Number.parseInt(short ?? long ?? "", 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : escape;
  });
