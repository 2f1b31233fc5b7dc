"""All measurements: `make bench`."""

from tests.performance import bench_service, bench_terminology

bench_service.main()
bench_terminology.main()
