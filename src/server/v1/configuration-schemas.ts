import { z } from '@hono/zod-openapi';

export const ConfigurationValue = z
  .object({
    name: z.string().openapi({ description: 'a variable, or the path of a key of ferry.yaml' }),
    from: z
      .enum(['environment', 'file', 'ferry.yaml', 'default'])
      .openapi({ description: 'file: the one that NAME_FILE names' }),
    isSet: z.boolean(),
    isSecret: z.boolean(),
    value: z.string().optional().openapi({ description: 'never of a secret' }),
  })
  .openapi('ConfigurationValue');

export const Configuration = z
  .object({
    version: z.string(),
    file: z.string().optional().openapi({ description: 'path of ferry.yaml' }),
    dataFolder: z.string(),
    database: z.string(),
    values: z.array(ConfigurationValue).readonly(),
    warnings: z.array(z.string()).readonly(),
    fault: z.string().optional().openapi({ description: 'why a worker would not start with it' }),
  })
  .openapi('Configuration');
