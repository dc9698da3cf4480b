/** The programs that render charts and kustomizations. Each function throws FerryError with advice if it is missing. */
export interface ChartPrograms {
  helm(): Promise<string>;
  kustomize(): Promise<string>;
  /** Of the environment; only proxies, certificates and Helm's registry logins of it are handed on. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}
