using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Parcae.Silo.Tests.Availability.Fakes;

/// <summary>A server on a real socket of this machine that answers as a test says, and keeps count.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _asked = new();
    private readonly SemaphoreSlim _answered = new(0);
    private WebApplication _app = null!;

    /// <summary>Its base address.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The clock of the <c>Date</c> header. The default value is a time far from anybody's clock.</summary>
    public DateTimeOffset Clock { get; set; } = new(2031, 5, 6, 7, 8, 9, TimeSpan.Zero);

    /// <summary>Everything that was asked: <c>GET /path?query</c>.</summary>
    public string[] Asked => [.. _asked];

    /// <summary>Starts a server.</summary>
    /// <param name="answer">Writes each answer.</param>
    /// <param name="certificate">Its certificate, or null: plain HTTP.</param>
    public static async Task<FakeServer> StartAsync(Func<HttpContext, Task> answer, X509Certificate2? certificate = null)
    {
        var server = new FakeServer();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l =>
        {
            if (certificate is not null) l.UseHttps(certificate);
        }));
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        server._app = builder.Build();
        server._app.Run(async context =>
        {
            server._asked.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            context.Response.Headers.Date = server.Clock.ToString("R");
            await answer(context);
            server._answered.Release();
        });
        await server._app.StartAsync();
        server.Address = new Uri(server._app.Urls.Single());
        return server;
    }

    /// <summary>Waits until a number of further questions have been answered.</summary>
    public async Task AnsweredAsync(int more)
    {
        while (_answered.Wait(0)) { }
        for (int i = 0; i < more; i++) Assert.True(await _answered.WaitAsync(Patience.Long), $"Nobody asked any more after: {string.Join(", ", Asked.TakeLast(5))}");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _answered.Dispose();
    }
}
