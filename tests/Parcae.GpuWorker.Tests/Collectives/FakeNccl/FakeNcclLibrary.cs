using System.Diagnostics;
using Parcae.GpuWorker.Collectives.Nccl;
using Xunit;

namespace Parcae.GpuWorker.Tests.Collectives.FakeNccl;

/// <summary>fake_nccl.c, compiled once by the machine's C compiler and loaded as NCCL and as the CUDA driver.</summary>
internal static class FakeNcclLibrary
{
    private static readonly Lazy<string?> Built = new(Build);

    /// <summary>The library's path. Skips the test where there is no C compiler.</summary>
    public static string Path
    {
        get
        {
            if (Built.Value is null) Assert.Skip("No C compiler (cc or gcc) is on the PATH, so the library that stands in for NCCL cannot be built.");
            return Built.Value;
        }
    }

    public static NcclRuntime Load() => new(NcclLibrary.Load(Path), CudaDriver.Load(Path));

    private static string? Build()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator);
        string? compiler = new[] { "cc", "gcc" }.SelectMany(name => folders.Select(folder => System.IO.Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (compiler is null) return null;
        string source = System.IO.Path.Combine(AppContext.BaseDirectory, "Collectives", "FakeNccl", "fake_nccl.c");
        string folder = Directory.CreateTempSubdirectory("parcae-fake-nccl-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        string library = System.IO.Path.Combine(folder, "libfakenccl.so");
        var start = new ProcessStartInfo(compiler, ["-shared", "-fPIC", "-O1", "-pthread", "-Wall", "-Werror", "-o", library, source]) { RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{compiler} did not start.");
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? library : throw new InvalidOperationException($"{compiler} could not build {source}: {said}");
    }
}
