import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of a certificate and its key, in PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A CA that signs its own certificate. @throws Error with the output of openssl */
export function makeCa(folder: string, name: string): CertificateFiles {
  const files = filesOf(folder, name);
  const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE'];
  openssl(
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    [...subject, '-keyout', files.key, '-out', files.certificate],
  );
  return files;
}

/**
 * A server's certificate, signed by a CA.
 * @param names as `DNS:db.example.com` and `IP:127.0.0.1`
 * @param isExpired if true, the certificate has expired
 */
export function makeCertificate(
  folder: string,
  {
    name,
    ca,
    names,
    isExpired = false,
  }: { name: string; ca: CertificateFiles; names: readonly string[]; isExpired?: boolean },
): CertificateFiles {
  const files = filesOf(folder, name);
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  writeFileSync(extensions, `subjectAltName=${names.join(',')}\n`);
  openssl(
    ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${name}`],
    ['-keyout', files.key, '-out', request],
  );
  // A certificate with a lifetime of minus one day has expired already.
  openssl(
    ['x509', '-req', '-in', request, '-CA', ca.certificate, '-CAkey', ca.key, '-CAcreateserial'],
    ['-days', isExpired ? '-1' : '2', '-extfile', extensions, '-out', files.certificate],
  );
  return files;
}

function filesOf(folder: string, name: string): CertificateFiles {
  return { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
}

function openssl(first: readonly string[], rest: readonly string[]): void {
  const { status, stderr, error } = spawnSync('openssl', [...first, ...rest], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${first.join(' ')}: ${error?.message ?? stderr}`);
}
