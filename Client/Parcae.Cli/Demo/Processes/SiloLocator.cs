using System.Runtime.InteropServices;

using Parcae.Cli.Commands;

namespace Parcae.Cli.Demo.Processes;

/// <summary>Finds the silo's program and the .NET host to run it with.</summary>
internal static class SiloLocator
{
    /// <summary>Environment variable that names <c>Parcae.Silo.dll</c>.</summary>
    public const string Variable = "PARCAE_SILO";

    private const string FileName = "Parcae.Silo.dll";

    /// <summary>Path of <c>Parcae.Silo.dll</c>: as told, else from <see cref="Variable"/>, else beside the command, else in the build's artifacts folder.</summary>
    /// <exception cref="UsageException">The path that was told does not exist.</exception>
    /// <exception cref="CommandFailedException">It is nowhere.</exception>
    public static string Find(string? told, string baseDirectory, string? variable)
    {
        if (Told(told, "--silo") is { } byOption) return byOption;
        if (Told(variable, Variable) is { } byVariable) return byVariable;
        string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(baseDirectory));
        string[] candidates =
        [
            Path.GetFullPath(Path.Combine(baseDirectory, "silo", FileName)),
            Path.GetFullPath(Path.Combine(baseDirectory, "..", "..", "Parcae.Silo", configuration, FileName)),
        ];
        return candidates.FirstOrDefault(File.Exists) ?? throw new CommandFailedException(
            $"The silo's program {FileName} was not found. Looked at:{Environment.NewLine}"
            + string.Concat(candidates.Select(c => $"  {c}{Environment.NewLine}"))
            + $"Build the solution (dotnet build -c Release), or name the file by --silo or {Variable}.");
    }

    /// <summary>The .NET host that runs this command.</summary>
    public static string DotnetHost()
    {
        string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        if (Environment.ProcessPath is { } self && Path.GetFileName(self) == name) return self;
        // The runtime lies in <root>/shared/Microsoft.NETCore.App/<version>/.
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(beside) ? beside : name;
    }

    private static string? Told(string? path, string by)
    {
        if (string.IsNullOrWhiteSpace(path)) return null;
        if (Directory.Exists(path)) path = Path.Combine(path, FileName);
        if (!File.Exists(path)) throw new UsageException($"{by}: '{path}' does not exist; it must be the path of {FileName}.");
        return Path.GetFullPath(path);
    }
}
