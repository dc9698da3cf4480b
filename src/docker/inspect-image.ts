import { DockerFault } from './docker-fault.js';
import type { DockerSession } from './docker-session.js';
import { readAnswer } from './read-answer.js';

export interface InspectedImage {
  readonly id: string;
  /** Unpacked bytes. */
  readonly size: number;
  /** In the format of an image's configuration. */
  readonly platform: { readonly os: unknown; readonly architecture: unknown; readonly variant: unknown };
}

/** @throws DockerFault if the image does not exist or the output is invalid */
export async function inspectImage(session: DockerSession, name: string): Promise<InspectedImage> {
  const lines = await session.run(['image', 'inspect', name], 'daemon');
  const answer = readAnswer(lines, `docker image inspect ${name}`, 'daemon');
  const image: unknown = Array.isArray(answer) ? answer[0] : undefined;
  const { Id: id, Size: size, Os: os, Architecture: architecture, Variant: variant } = fieldsOf(image);
  if (typeof id === 'string' && typeof size === 'number') return { id, size, platform: { os, architecture, variant } };
  const message = `docker image inspect ${name} printed no ID and size`;
  throw new DockerFault(message, { side: 'daemon', code: 'protocol', decision: 'block' });
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
