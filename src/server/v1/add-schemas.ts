import { z } from '@hono/zod-openapi';

import { refusalCodes } from '../../domain/requested-images.js';
import { PlanFigures } from './image-action-schemas.js';

const longestText = 500_000;
const platforms = z
  .array(z.string().max(100))
  .max(50)
  .readonly()
  .optional()
  .openapi({ example: ['linux/amd64'] });

export const ParseRequest = z
  .object({
    text: z.string().max(longestText).openapi({ description: 'references, lines of a script, a compose file' }),
    platforms,
    plan: z
      .boolean()
      .optional()
      .openapi({ description: 'also look how much would be copied, which may take some seconds' }),
  })
  .openapi('ParseRequest');

const NameOnTarget = z.object({
  target: z.string(),
  reference: z.string().optional(),
  fault: z.string().optional().openapi({ description: 'why the target takes no such name' }),
});

export const ParsedText = z
  .object({
    lines: z
      .array(
        z.object({
          line: z.int().openapi({ description: 'number of the line in the text, from 1' }),
          text: z.string(),
          service: z.string().optional().openapi({ description: 'of a compose file' }),
          images: z
            .array(
              z.object({
                image: z.string().openapi({ description: 'canonical' }),
                platforms: z.array(z.string()).readonly(),
                wanted: z
                  .enum(['pending', 'pushed', 'blocked', 'withdrawn'])
                  .optional()
                  .openapi({ description: 'state of its row; absent: it is new' }),
                names: z.array(NameOnTarget).readonly(),
              }),
            )
            .readonly(),
          refused: z.string().optional().openapi({ description: 'why the line, or a part of it, is not added' }),
          codes: z.array(z.enum(refusalCodes)).readonly().optional().openapi({ description: 'the same for programs' }),
        }),
      )
      .readonly(),
    images: z.int(),
    refused: z.int().openapi({ description: 'lines that are refused' }),
    plan: PlanFigures.optional(),
    planFault: z.string().optional().openapi({ description: 'why nothing could be planned' }),
  })
  .openapi('ParsedText');

export const AddRequest = z
  .object({
    text: z.string().max(longestText).optional(),
    images: z.array(z.string().min(1).max(1_000)).min(1).max(500).readonly().optional(),
    platforms,
    targets: z.array(z.string().max(64)).min(1).readonly().optional().openapi({ description: 'absent: every target' }),
  })
  .refine(({ text, images }) => (text === undefined) !== (images === undefined), {
    error: 'give either text or images',
  })
  .openapi('AddRequest');
