using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Parcae.Grains;
using Parcae.Silo.Tests.Durability;
using Xunit;

namespace Parcae.Silo.Tests.Api;

/// <summary>A control silo in this process, as the program makes it but on storage in memory, with the API behind the real Kestrel. No worker: its jobs wait for instances.</summary>
public sealed class ApiService : IAsyncDisposable
{
    /// <summary>A job that the service accepts.</summary>
    public const string Document = """
        name: small
        model: { blocks: 2, hidden: 16, heads: 2, sequenceLength: 16 }
        data: { kind: synthetic }
        training: { steps: 10, globalBatch: 4, microBatches: 2 }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-api-").FullName;
    private readonly WebApplication _app;
    private int _jobs;

    private ApiService(Action<ParcaeApiOptions> configure, bool dashboard)
    {
        var web = WebApplication.CreateEmptyBuilder(new());
        web.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        web.Services.AddRoutingCore();
        web.Logging.AddProvider(Log).SetMinimumLevel(LogLevel.Trace).AddFilter("Orleans", LogLevel.Error);
        web.UseOrleans(silo =>
        {
            int port = FreePorts.Next();
            silo.UseLocalhostClustering(port, gatewayPort: 0, primarySiloEndpoint: new IPEndPoint(IPAddress.Loopback, port))
                .AddMemoryGrainStorage(ParcaeNames.Storage).AddMemoryGrainStorage("PubSubStore").UseInMemoryReminderService()
                .AddParcaeControl(o => (o.InstanceId, o.Checkpoints) = ("v-1", _folder));
            if (dashboard) silo.AddParcaeDashboard();
            silo.AddIncomingGrainCallFilter(async context =>
            {
                if (context.InterfaceMethod.Name == nameof(IJobGrain.Status) && Trouble.TryGetValue($"{context.TargetId.Key}", out var trouble)) await trouble;
                await context.Invoke();
            });
        });
        web.Services.AddParcaeApi(configure);
        _app = web.Build();
        _app.MapParcaeApi();
        if (dashboard) _app.MapParcaeDashboard();
    }

    /// <summary>The tokens of a service that has some: of a viewer, a submitter and an administrator.</summary>
    public static ApiToken[] Tokens { get; } =
    [
        new() { Name = "vera", Role = ApiRole.Viewer, Secret = "viewer-0123456789abcdef" },
        new() { Name = "sam", Role = ApiRole.Submitter, Secret = "submitter-0123456789abcdef" },
        new() { Name = "ada", Role = ApiRole.Admin, Secret = "admin-0123456789abcdef" },
    ];

    /// <summary>Everything that was logged.</summary>
    public AllLines Log { get; } = new();

    /// <summary>Where it is.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>What comes, if it ever ends, before the status of a job, by its id.</summary>
    public ConcurrentDictionary<string, Task> Trouble { get; } = new();

    /// <summary>Its grains.</summary>
    public IGrainFactory Grains => _app.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Its fleet.</summary>
    public IFleetGrain Fleet => Grains.GetGrain<IFleetGrain>(ParcaeNames.DefaultFleet);

    /// <summary>Starts one with <see cref="Tokens"/>.</summary>
    public static Task<ApiService> WithTokensAsync(Action<ParcaeApiOptions>? configure = null, bool dashboard = false) => StartAsync(o =>
    {
        foreach (var token in Tokens) o.Tokens.Add(token);
        configure?.Invoke(o);
    }, dashboard);

    /// <summary>Starts one.</summary>
    public static async Task<ApiService> StartAsync(Action<ParcaeApiOptions> configure, bool dashboard = false)
    {
        var service = new ApiService(o =>
        {
            // Tests ask faster than people.
            (o.RequestsPerSecond, o.LookEvery) = (10_000, TimeSpan.FromMilliseconds(20));
            configure(o);
        }, dashboard);
        await service._app.StartAsync(TestContext.Current.CancellationToken);
        return service;
    }

    /// <summary>A client with a role's token, or with none.</summary>
    public HttpClient Client(ApiRole? role = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Address };
        if (role is { } known) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Tokens[(int)known].Secret);
        return client;
    }

    /// <summary>A job of its own, that waits for instances.</summary>
    public async Task<string> JobAsync()
    {
        string id = $"j-{Interlocked.Increment(ref _jobs)}";
        await Grains.GetGrain<IJobGrain>(id).Submit(JobSpecDocument.Parse(Document));
        return id;
    }

    /// <summary>A worker instance that nothing is behind.</summary>
    public async Task<string> InstanceAsync()
    {
        string id = $"i-{Interlocked.Increment(ref _jobs)}";
        var silo = _app.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        await Fleet.Join(new InstanceInfo { Id = id, Role = InstanceRole.Worker, Silo = silo, DataPlane = new PeerEndpoint(id, "127.0.0.1", 1, 1) });
        return id;
    }

    /// <summary>A problem document, checked for its form.</summary>
    public static async Task<JsonElement> ProblemAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal((int)response.StatusCode, problem.GetProperty("status").GetInt32());
        return problem;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

}
