/** An answer that is longer than anything that was asked for. */
export class AnswerTooLong extends Error {
  constructor(mostBytes: number) {
    super(`the answer has more than ${mostBytes} bytes`);
  }
}

/**
 * `fetch` that comes back when the whole body is there, as it is without its compression. octokit reads bodies too, but
 * takes one that breaks off for an empty one, and one that never ends until memory does.
 *
 * @throws AnswerTooLong as soon as the body is longer; what the body breaks off with
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
  // Leaving the loop gives the connection up.
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw new AnswerTooLong(mostBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
