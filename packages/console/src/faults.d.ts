declare module 'virtual:faults/*' {
  export const faults: Readonly<Record<string, { readonly happened: string; readonly todo: string }>>;
}
