import type { RequestActivities } from '../contract/activity-types.js';
import type { AddPorts } from '../domain/add-images.js';
import { addImages } from '../domain/add-images.js';
import type { RequestedBy } from '../domain/wanted-image.js';
import { activity } from './activity.js';
import type { SyncRequester } from './engine-ports.js';
import type { Deliveries, WantedImages } from './ports.js';

export interface RequestPorts extends AddPorts {
  readonly wanted: WantedImages;
  readonly deliveries: Deliveries;
  readonly requester: SyncRequester;
}

export function createRequestActivities({ deliveries, requester, ...ports }: RequestPorts): RequestActivities {
  return {
    requestSync: activity(async (request) => await requester.requestSync(request)),
    requestSyncAt: activity(async (request) => await requester.requestSyncAt(request)),
    addImages: activity(async (input) => {
      if (!(await deliveries.first(input.delivery, input.owner))) return { images: [], repeated: true };
      const requestedBy: RequestedBy = { by: 'workflow', id: input.requestedBy ?? input.delivery };
      return { images: await addImages(input, ports, requestedBy), repeated: false };
    }),
  };
}
