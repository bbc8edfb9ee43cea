using System.Net;
using System.Text;
using Parcae.Infra.Tests.Support;
using Parcae.Silo.Tests;

namespace Parcae.Infra.Tests.Packages;

/// <summary>The build asks whether packages have known vulnerabilities, and ends in CI where one is grave. Against a list of our own, served as NuGet's documentation says: the feed at hand may have none.</summary>
public sealed class AuditTests : IDisposable
{
    private const int High = 2, Moderate = 1;
    private readonly Scratch _scratch = new();
    private readonly Tool _dotnet = Tool.Need("dotnet", ".NET SDK");

    public AuditTests()
    {
        foreach (string file in (string[])["Directory.Build.props", "Directory.Packages.props", "Directory.Build.targets"]) _scratch.Write(file, Repository.Read(file));
        // Central versions, and what packages bring along; no output of its own is built.
        _scratch.Write("Audited.csproj", """<Project Sdk="Microsoft.NET.Sdk"><ItemGroup><PackageReference Include="YamlDotNet" /></ItemGroup></Project>""");
    }

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(High, true, 1, "error NU1903")]
    [InlineData(High, false, 0, "warning NU1903")]
    [InlineData(Moderate, true, 0, "warning NU1902")]
    public async Task A_vulnerable_package_is_told_of_and_a_grave_one_ends_the_build_of_ci(int severity, bool ci, int status, string told)
    {
        using var feed = new HttpListener();
        string address = $"http://127.0.0.1:{FreePorts.Next()}/";
        feed.Prefixes.Add(address);
        feed.Start();
        var serving = ServeAsync(feed, address, severity);
        _scratch.Write("nuget.config", $"""<configuration><auditSources><clear /><add key="list" value="{address}index.json" allowInsecureConnections="true" /></auditSources></configuration>""");

        var environment = new Dictionary<string, string> { ["CI"] = ci ? "true" : "", ["NUGET_HTTP_CACHE_PATH"] = _scratch.Place("cache") };
        var result = await Task.Run(() => _dotnet.Run(["restore", "Audited.csproj"], environment, _scratch.Folder));
        feed.Close();
        await serving;

        Assert.Contains(told, result.Output, StringComparison.Ordinal);
        Assert.Contains("https://example.org/advisory", result.Output, StringComparison.Ordinal);
        Assert.Equal(status, result.Status);
    }

    private static async Task ServeAsync(HttpListener feed, string address, int severity)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await feed.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // The test is over.
            }

            string json = context.Request.Url!.AbsolutePath switch
            {
                "/index.json" => $$"""{"version":"3.0.0","resources":[{"@id":"{{address}}vulnerabilities.json","@type":"VulnerabilityInfo/6.7.0"}]}""",
                "/vulnerabilities.json" => $$"""[{"@name":"base","@id":"{{address}}base.json","@updated":"2026-01-01T00:00:00.0000000Z","comment":"all"}]""",
                _ => $$"""{"yamldotnet":[{"severity":{{severity}},"url":"https://example.org/advisory","versions":"(, 999.0.0)"}]}""",
            };
            byte[] body = Encoding.UTF8.GetBytes(json);
            context.Response.ContentType = "application/json";
            await context.Response.OutputStream.WriteAsync(body);
            context.Response.Close();
        }
    }
}
