namespace Parcae.Grains;

/// <summary>
/// Environment variables that suit a worker's process, read by the C library and by OpenMP before any code of ours runs. Without them results are the same, but memory that one generation has freed is not what the
/// next one takes: a worker grows by half in its first reconfigurations, and pages that are touched for the first time are slow in virtual machines.
/// </summary>
public static class WorkerEnvironment
{
    /// <summary>Names and values, for glibc and OpenMP.</summary>
    public static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>
    {
        // Threads that wait do not spin: several workers, or a worker's transport, share the cores.
        ["OMP_WAIT_POLICY"] = "passive",
        // One arena for all threads (each generation has threads of its own), which keeps what is freed (a worker gives it back when a job is over); blocks of up to 32 MiB come from it.
        ["MALLOC_ARENA_MAX"] = "1",
        ["MALLOC_TRIM_THRESHOLD_"] = "1099511627776",
        ["MALLOC_MMAP_THRESHOLD_"] = "33554432",
        // Huge pages where the system gives them on request: what a generation needs for the first time comes in pages of 2 MiB, and not in five hundred times as many.
        ["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1",
    };
}
