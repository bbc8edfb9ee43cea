using System.Text.RegularExpressions;
using Parcae.Infra.Tests.Support;
using Parcae.Silo.Tests;

namespace Parcae.Infra.Tests.Images;

/// <summary>The image's health check, asked of a real control silo.</summary>
[Collection(RunningServiceCollection.Name)]
public sealed class HealthTests(RunningService service)
{
    private readonly Tool _bash = Tool.Need("bash", "apt-get install bash");

    [Fact]
    public void The_image_asks_for_a_page_that_says_yes()
    {
        string path = Regex.Match(Repository.Read("infra/Dockerfile"), "CMD \\[\"health\", \"([^\"]+)\"\\]").Groups[1].Value;
        var result = Run(path, service.ControlPort).Good();
        Assert.Equal("Healthy: live alive\n", result.Output);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/startup")]
    [InlineData("/health/ready")]
    public void The_other_pages_can_be_asked_for(string path) => Assert.StartsWith("Healthy: ", Run(path, service.ControlPort).Good().Output, StringComparison.Ordinal);

    [Fact]
    public void No_such_page_is_not_healthy() => Assert.Equal(1, Run("/health/none", service.ControlPort).Status);

    [Fact]
    public void Nobody_there_is_not_healthy() => Assert.NotEqual(0, Run("/health/live", FreePorts.Next()).Status);

    [Fact]
    public void Where_the_port_speaks_TLS_it_is_asked_by_TLS()
    {
        var tls = new Dictionary<string, string> { ["PARCAE_HTTP_PORT"] = $"{service.WorkerPort}", ["PARCAE_HTTP_CERTIFICATE"] = "/etc/parcae/http/tls.crt" };
        Assert.Equal("Healthy: live alive\n", _bash.Run([Repository.Place("infra/image/health"), "/health/live"], tls).Good().Output);
        Assert.Equal(1, _bash.Run([Repository.Place("infra/image/health"), "/health/none"], tls).Status);
        Assert.NotEqual(0, Run("/health/live", service.WorkerPort).Status);
        tls["PARCAE_HTTP_PORT"] = $"{FreePorts.Next()}";
        Assert.NotEqual(0, _bash.Run([Repository.Place("infra/image/health"), "/health/live"], tls).Status);
    }

    private Tool.Result Run(string path, int port) => _bash.Run([Repository.Place("infra/image/health"), path], new Dictionary<string, string> { ["PARCAE_HTTP_PORT"] = $"{port}" });
}
