import type { CompiledQuery, DatabaseConnection, Driver, QueryResult, TransactionSettings } from 'kysely';

/** A driver that maps all errors of a database to the ferry's errors. */
export class FaultMappingDriver implements Driver {
  readonly #driver: Driver;
  readonly #faultOf: (error: unknown) => unknown;
  readonly #connections = new WeakMap<DatabaseConnection, DatabaseConnection>();

  constructor(driver: Driver, faultOf: (error: unknown) => unknown) {
    this.#driver = driver;
    this.#faultOf = faultOf;
  }

  async init(): Promise<void> {
    await this.#mapped(() => this.#driver.init());
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await this.#mapped(() => this.#driver.acquireConnection());
    const mapped = new FaultMappingConnection(connection, this.#faultOf);
    this.#connections.set(mapped, connection);
    return mapped;
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await this.#mapped(() => this.#driver.beginTransaction(this.#bare(connection), settings));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#mapped(() => this.#driver.commitTransaction(this.#bare(connection)));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#mapped(() => this.#driver.rollbackTransaction(this.#bare(connection)));
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await this.#driver.releaseConnection(this.#bare(connection));
  }

  async destroy(): Promise<void> {
    await this.#mapped(() => this.#driver.destroy());
  }

  #bare(connection: DatabaseConnection): DatabaseConnection {
    return this.#connections.get(connection) ?? connection;
  }

  async #mapped<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#faultOf(error);
    }
  }
}

class FaultMappingConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;
  readonly #faultOf: (error: unknown) => unknown;

  constructor(connection: DatabaseConnection, faultOf: (error: unknown) => unknown) {
    this.#connection = connection;
    this.#faultOf = faultOf;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return await this.#connection.executeQuery<R>(query);
    } catch (error) {
      throw this.#faultOf(error);
    }
  }

  async *streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    try {
      yield* this.#connection.streamQuery<R>(query, chunkSize);
    } catch (error) {
      throw this.#faultOf(error);
    }
  }
}
