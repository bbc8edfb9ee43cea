using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

using Orleans.Configuration;

using Parcae.Grains;
using Parcae.Grains.Security;

using StackExchange.Redis;

namespace Parcae.Client;

/// <summary>Brings the Orleans client behind a <see cref="ParcaeClient"/> up and down.</summary>
internal static class ClientConnection
{
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(300), LeastAttempt = TimeSpan.FromSeconds(5);

    public static async Task<(IHost Host, IGrainFactory Grains)> ConnectAsync(ParcaeClientOptions options, CancellationToken cancellation)
    {
        var redis = options.RedisConnection.ToOptions();
        redis.ConnectTimeout = Math.Min(redis.ConnectTimeout, 3000);
        string? doubt;
        try
        {
            doubt = await options.RedisConnection.CheckAsync(cancellation).ConfigureAwait(false);
        }
        catch (RedisRefusedException e)
        {
            throw new ParcaeUnavailableException(e.Message, e);
        }

        var tls = ReadTls(options);
        var time = options.TimeProvider;
        long begin = time.GetTimestamp();
        while (true)
        {
            var host = Build(options, redis, tls);
            var left = options.ConnectTimeout - time.GetElapsedTime(begin);
            // Orleans would go on for minutes where no silo lets it in.
            using var enough = new CancellationTokenSource(left > LeastAttempt ? left : LeastAttempt, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, cancellation);
            try
            {
                await host.StartAsync(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
                return (host, host.Services.GetRequiredService<IClusterClient>());
            }
            catch (Exception e)
            {
                // A client that failed to start cannot be started again: each attempt has a host of its own.
                await CloseAsync(host).ConfigureAwait(false);
                if (cancellation.IsCancellationRequested) throw new OperationCanceledException("Connecting was given up.", e, cancellation);
                if (time.GetElapsedTime(begin) + BetweenAttempts > options.ConnectTimeout)
                    throw new ParcaeUnavailableException(
                        $"No Parcae service was found at Redis {options.RedisConnection} (cluster '{options.ClusterId}', service '{options.ServiceId}') "
                        + $"within {options.ConnectTimeout.TotalSeconds:0.#} s: {(enough.IsCancellationRequested ? NotLetIn(tls) : FirstLine(e))} {doubt ?? "Is Redis up at that address, and a control silo running on it?"}", e);
            }

            await Task.Delay(BetweenAttempts, time, cancellation).ConfigureAwait(false);
        }
    }

    public static async Task CloseAsync(IHost host)
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        try
        {
            await host.StopAsync(soon.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException || TransientFailures.IsTransient(e))
        {
            // The service is gone already, or does not answer: there is nobody left to say goodbye to.
        }

        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync().ConfigureAwait(false);
        else host.Dispose();
    }

    private static IHost Build(ParcaeClientOptions options, ConfigurationOptions redis, MutualTls? tls)
    {
        // Empty: a library must not read the program's appsettings, nor write to its console.
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client =>
        {
            if (tls is not null) client.UseTls(tls.Apply);
            client.UseRedisClustering(o => o.ConfigurationOptions = redis.Clone())
                .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (options.ClusterId, options.ServiceId))
                .Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = options.GatewayRefresh)
                .Configure<ClientMessagingOptions>(o => o.ResponseTimeout = options.ResponseTimeout)
                .Configure<ConnectionOptions>(o => o.OpenConnectionTimeout = TimeSpan.FromSeconds(2))
                .AddActivityPropagation();
        });
        return builder.Build();
    }

    /// <returns>Null: no TLS.</returns>
    /// <exception cref="InvalidDataException">The files do not do; the message names which.</exception>
    internal static MutualTls? ReadTls(ParcaeClientOptions options) =>
        options is { TlsCertificate: { } certificate, TlsAuthority: { } authority } ? MutualTls.Read(certificate, options.TlsKey, authority) : null;

    private static string NotLetIn(MutualTls? tls) => tls is null
        ? "silos are known there, but none let this client in; does the service speak TLS? Then it takes a certificate of the service's authority. Or is it too busy to answer in that time?"
        : "silos are known there, but none let this client in; is the certificate one of the service's authority, and does the service speak TLS? Or is it too busy to answer in that time?";

    private static string FirstLine(Exception e)
    {
        // Redis' own advice after the first sentence is about options that only this library sets.
        string line = e.GetBaseException().Message.Split('\n')[0].Split(" To allow this multiplexer", 2)[0].Trim();
        return line.EndsWith('.') ? line : line + ".";
    }
}
