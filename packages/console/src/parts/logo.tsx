import { basePath } from '../base-path.js';

export function Logo({ size }: { readonly size: number }) {
  return <img src={`${basePath}ferry.svg`} alt="" width={size} height={size} />;
}
