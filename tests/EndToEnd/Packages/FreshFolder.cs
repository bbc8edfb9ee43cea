using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Xml.Linq;
using Xunit;

namespace Parcae.EndToEnd.Packages;

/// <summary>
/// A folder outside of the repository, as somebody has it who knows the packages alone: the feeds of this machine, one more with packages that were just made, and a package cache of its own. What this machine has restored
/// before is not downloaded again.
/// </summary>
internal sealed class FreshFolder : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Makes it.</summary>
    /// <param name="feed">The folder with packages; null: none.</param>
    public FreshFolder(string? feed = null)
    {
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set ? set : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        new XElement("configuration",
            feed is null ? null : new XElement("packageSources", new XElement("add", new XAttribute("key", "made here"), new XAttribute("value", feed))),
            new XElement("fallbackPackageFolders", new XElement("add", new XAttribute("key", "restored before"), new XAttribute("value", cache)))).Save(At("nuget.config"));
    }

    /// <summary>The folder.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("parcae-fresh-").FullName;

    /// <summary>A path in it.</summary>
    public string At(params string[] names) => System.IO.Path.Combine([Path, .. names]);

    /// <summary>Writes a file.</summary>
    public void Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
    }

    /// <summary>Runs a program here, which must end well.</summary>
    /// <returns>What it printed on standard output.</returns>
    public async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Path, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Variables()) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(Patience);
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            await process.WaitForExitAsync(patience.Token);
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}.{Environment.NewLine}{await output}{Environment.NewLine}{await errors}");
            return await output;
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private Dictionary<string, string> Variables() => new()
    {
        ["NUGET_PACKAGES"] = At("packages"),
        ["DOTNET_CLI_HOME"] = At("home"),
        // The runtime lies in <root>/shared/Microsoft.NETCore.App/<version>/; a tool's own executable looks for it.
        ["DOTNET_ROOT"] = System.IO.Path.GetFullPath(System.IO.Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_NOLOGO"] = "1",
        ["NO_COLOR"] = "1",
        // No build server outlives the test.
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
        ["UseSharedCompilation"] = "false",
    };
}
