/** A response that exceeds the maximum size. */
export class AnswerTooLong extends Error {
  constructor(mostBytes: number) {
    super(`the response has more than ${mostBytes} bytes`);
  }
}

/**
 * `fetch` that resolves once the whole body is read and decompressed. octokit reads bodies too, but takes a truncated
 * body for an empty one, and reads an endless one until memory runs out.
 *
 * @throws AnswerTooLong as soon as the body exceeds the maximum; the error that truncates the body
 */
export function wholeAnswers(send: typeof fetch, mostBytes: number): typeof fetch {
  return async (input, init) => {
    const answer = await send(input, init);
    if (answer.body === null) return answer;
    const { status, statusText, headers } = answer;
    return new Response(await readAll(answer.body, mostBytes), { status, statusText, headers });
  };
}

async function readAll(body: ReadableStream<Uint8Array>, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop closes the connection.
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw new AnswerTooLong(mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
