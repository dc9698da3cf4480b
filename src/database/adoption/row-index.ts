import { createHash } from 'node:crypto';

const firstCapacity = 1024;

/**
 * Groups any number of rows by image with 17 bytes per row. Two images may collide, once in millions: callers must
 * distinguish them when they read the rows.
 */
export class RowIndex {
  #names = new Float64Array(firstCapacity);
  #ids = new Float64Array(firstCapacity);
  #pending = new Uint8Array(firstCapacity);
  #length = 0;

  /** Rows must be added in the order of their IDs. */
  add(image: string, id: number, isPending: boolean): void {
    if (this.#length === this.#ids.length) this.#grow();
    this.#names[this.#length] = fingerprint(image);
    this.#ids[this.#length] = id;
    this.#pending[this.#length] = isPending ? 1 : 0;
    this.#length += 1;
  }

  /** The IDs of all rows of each image with a pending row, image by image, in the order of their first rows. */
  *groups(): Generator<readonly number[]> {
    // The sort is stable: rows of one image stay in the order of their ids.
    const order = Uint32Array.from({ length: this.#length }, (_, position) => position);
    order.sort((a, b) => at(this.#names, a) - at(this.#names, b));
    const starts = this.#startsOfPending(order).sort((a, b) => at(order, a) - at(order, b));
    for (const start of starts) {
      yield Array.from(order.subarray(start, this.#endOf(order, start)), (position) => at(this.#ids, position));
    }
  }

  #startsOfPending(order: Uint32Array): Uint32Array {
    const starts: number[] = [];
    for (let start = 0, end = 0; start < order.length; start = end) {
      end = this.#endOf(order, start);
      if (order.subarray(start, end).some((position) => at(this.#pending, position) === 1)) starts.push(start);
    }
    return Uint32Array.from(starts);
  }

  #endOf(order: Uint32Array, start: number): number {
    const name = at(this.#names, at(order, start));
    let end = start + 1;
    while (end < order.length && at(this.#names, at(order, end)) === name) end += 1;
    return end;
  }

  #grow(): void {
    this.#names = longer(this.#names, new Float64Array(2 * this.#length));
    this.#ids = longer(this.#ids, new Float64Array(2 * this.#length));
    this.#pending = longer(this.#pending, new Uint8Array(2 * this.#length));
  }
}

/** 48 bits, which a number represents exactly. */
function fingerprint(image: string): number {
  return createHash('sha256').update(image).digest().readUIntBE(0, 6);
}

/** An existing element: every position comes from the same index. */
function at(values: { readonly [position: number]: number | undefined }, position: number): number {
  return values[position] ?? Number.NaN;
}

function longer<Values extends Float64Array | Uint8Array>(from: Values, to: Values): Values {
  to.set(from);
  return to;
}
