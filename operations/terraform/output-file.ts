import { randomUUID } from "node:crypto";
import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";

const CHUNK_BYTES = 1024 * 1024;

/** A file that a program writes its output into, and that is read while it does. */
export class OutputFile {
  /** For the program. */
  readonly descriptor: number;
  private readonly path: string;
  private readonly chunks: Buffer[] = [];
  private read = 0;

  /**
   * @param folder which is nobody else's
   * @param onChunk gets each part that is read
   */
  constructor(
    folder: string,
    private readonly onChunk: (chunk: Buffer) => void = () => undefined,
  ) {
    this.path = join(folder, `${randomUUID()}.output`);
    // Read at positions of its own, so the program's place in it is not moved; appended to, whoever else has it open.
    this.descriptor = openSync(this.path, "ax+", 0o600);
  }

  /** That were read so far. */
  get bytes(): number {
    return this.read;
  }

  /** Reads what was added, until there are more bytes than these in all. */
  readOn(most: number): void {
    while (this.read <= most) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(this.descriptor, chunk, 0, chunk.length, this.read);
      if (length === 0) {
        return;
      }
      const part = Buffer.from(chunk.subarray(0, length));
      this.read += length;
      this.chunks.push(part);
      this.onChunk(part);
    }
  }

  text(): string {
    return Buffer.concat(this.chunks).toString("utf8");
  }

  remove(): void {
    closeSync(this.descriptor);
    rmSync(this.path, { force: true });
  }
}
