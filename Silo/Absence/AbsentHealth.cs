using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Absence;

/// <summary>
/// The health endpoints of a process whose instance is away: it lives, so that no orchestrator starts it again, and is good for nothing. Only where the silo itself would have them.
/// </summary>
internal static class AbsentHealth
{
    private static readonly string[] Alive = ["/health/live", "/health/startup"];

    /// <summary>Listens until disposed of.</summary>
    /// <param name="port">The port.</param>
    public static async Task<WebApplication> StartAsync(HttpPort port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        port.Bind(builder.WebHost);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var app = builder.Build();
        app.Run(context =>
        {
            bool lives = Alive.Contains(context.Request.Path.Value);
            context.Response.StatusCode = lives ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return context.Response.WriteAsync($"{(lives ? "Healthy" : "Unhealthy")}: the instance is away, as a replay wants it\n");
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>Leaves signals alone: SIGTERM ends the process, as it does without these endpoints.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
