using System.Net;
using Parcae.GpuWorker.Tests.Security;
using Parcae.Grains;
using Parcae.Grains.Security;
using Parcae.Silo.Absence;
using Parcae.Silo.Hosting;
using StackExchange.Redis;
using Xunit;

namespace Parcae.Silo.Tests.Absence;

public sealed class AbsentTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_is_away_lives_but_is_not_ready_and_comes_back_by_the_clock_where_no_Redis_answers(bool tls)
    {
        var (certificate, key) = TestAuthority.Shared.Issue("away");
        int port = FreePorts.Next();
        var output = new StringWriter();
        var redis = new ConfigurationOptions { EndPoints = { $"127.0.0.1:{FreePorts.Next()}" }, ConnectTimeout = 500 };
        var leave = Leave.Begin("r1.1", TimeSpan.FromSeconds(4), "i-1");

        var away = Absent.WaitAsync(leave, redis, "parcae", TextWriter.Synchronized(output), new HttpPort("127.0.0.1", port, tls ? ServerCertificate.Read(certificate, key) : null));

        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.Subject == "CN=away" } };
        using var client = new HttpClient(handler) { BaseAddress = new Uri($"http{(tls ? "s" : "")}://127.0.0.1:{port}") };
        foreach (var (path, status) in ((string, HttpStatusCode)[])
            [("/health/live", HttpStatusCode.OK), ("/health/startup", HttpStatusCode.OK), ("/health/ready", HttpStatusCode.ServiceUnavailable), ("/health", HttpStatusCode.ServiceUnavailable)])
        {
            using var answer = await client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(status, answer.StatusCode);
            Assert.Contains("the instance is away", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        await away;
        Assert.True(leave.Left <= TimeSpan.Zero);
        string[] said = output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("ABSENT i-1 for ", said[0], StringComparison.Ordinal);
        Assert.StartsWith("i-1 cannot hear whether it is called back: ", said[1], StringComparison.Ordinal);
        Assert.Equal("i-1 comes back: its time is over", said[2]);
        // The port is free for the silo.
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/health/live", TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_key_of_a_recall_is_the_services_own() => Assert.Equal("parcae/replay/recall/r1.4", VanishOrder.RecallKey("parcae", "r1.4"));
}
