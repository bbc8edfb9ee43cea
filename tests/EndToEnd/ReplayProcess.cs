namespace Parcae.EndToEnd;

/// <summary><c>parcae replay</c> against a service.</summary>
internal sealed class ReplayProcess(ReplayService service, string[] options) : CommandProcess(folder =>
    ["replay", "--json", "--redis", service.Redis, "--report", Path.Combine(folder, "report.html"), .. options])
{
    /// <summary>With counts as the trace, spaces between them.</summary>
    public ReplayProcess(ReplayService service, string counts, params string[] options)
        : this(service, ["--trace", DemoProcess.WriteTrace(Directory.CreateDirectory(Path.Combine(service.Folder, $"{Guid.NewGuid():n}")).FullName, counts), .. options])
    {
    }
}
