/** The part of protobuf's wire format that a glance needs (https://protobuf.dev/programming-guides/encoding). */

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** A field with a text, with bytes or with another message. */
export function bytesField(field: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint((field << 3) | wireType.bytes), varint(bytes.length), bytes]);
}

/** A field with a number of at most 31 bits that is not negative. */
export function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint((field << 3) | wireType.varint), varint(value)]);
}

/** The values of one field in a message: numbers, or the bytes of texts and messages. @throws RangeError if it is cut */
export function valuesOf(message: Buffer, field: number): readonly (number | Buffer)[] {
  const values: (number | Buffer)[] = [];
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at);
    const { value, end } = readValue(message, tag.end, tag.value & 7);
    if (tag.value >> 3 === field && value !== undefined) values.push(value);
    at = end;
  }
  return values;
}

function readValue(
  message: Buffer,
  at: number,
  type: number,
): { readonly value: number | Buffer | undefined; readonly end: number } {
  switch (type) {
    case wireType.varint:
      return readVarint(message, at);
    case wireType.bytes: {
      const { value: length, end } = readVarint(message, at);
      return { value: slice(message, end, length), end: end + length };
    }
    case wireType.fixed64:
      return { value: undefined, end: at + 8 };
    case wireType.fixed32:
      return { value: undefined, end: at + 4 };
    default:
      throw new RangeError(`unknown wire type ${type}`);
  }
}

function slice(message: Buffer, start: number, length: number): Buffer {
  if (start + length > message.length) throw new RangeError('the message is cut');
  return message.subarray(start, start + length);
}

/** Numbers above 2^53 lose digits: counts, times and lengths are smaller. */
function readVarint(message: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start, factor = 1; ; at += 1, factor *= 128) {
    const byte = message[at];
    if (byte === undefined) throw new RangeError('the message is cut');
    value += (byte & 127) * factor;
    if (byte < 128) return { value, end: at + 1 };
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}
