using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using StackExchange.Redis;

namespace Parcae.Grains;

/// <summary>One conversation with Redis that finds out why it would not let us in. The client library says of most reasons only that it could not connect.</summary>
internal static class RedisProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>What it does that is asked in another manner than it speaks, and a proxy whose Redis is away.</summary>
    private static readonly (string What, bool ForGood) Ended = ("it takes connections and does not say a word", false);

    /// <summary>What is wrong, and whether that is for good; null: nothing, or nobody answers.</summary>
    public static async Task<(string What, bool ForGood)?> TroubleAsync(EndPoint address, ConfigurationOptions options, RedisTls? tls, CancellationToken cancellation)
    {
        address = WithPort(address, tls is null ? 6379 : 6380);
        try
        {
            if (tls is null)
            {
                return await OverAsync(address, (stream, soon) => AskAsync(stream, options, Ended, soon), cancellation).ConfigureAwait(false) is not { } trouble ? null
                    : trouble != Ended || !await SpeaksTlsAsync(address, cancellation).ConfigureAwait(false) ? trouble
                    : ("it speaks TLS there and was asked without: ssl=true", true);
            }

            return await OverAsync(address, (stream, soon) => SecureAsync(stream, address, options, tls, soon), cancellation).ConfigureAwait(false) is not { } found ? null
                : found != Ended || !await SpeaksPlainAsync(address, cancellation).ConfigureAwait(false) ? found
                : ("it was asked to speak TLS and does not there", true);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return null;
        }
    }

    private static async Task<T> OverAsync<T>(EndPoint address, Func<Stream, CancellationToken, Task<T>> talk, CancellationToken cancellation)
    {
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        soon.CancelAfter(Patience);
        using var socket = address is UnixDomainSocketEndPoint ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, soon.Token).ConfigureAwait(false);
        Stream stream = new NetworkStream(socket);
        await using (stream.ConfigureAwait(false)) return await talk(stream, soon.Token).ConfigureAwait(false);
    }

    private static async Task<(string What, bool ForGood)?> SecureAsync(Stream stream, EndPoint address, ConfigurationOptions options, RedisTls tls, CancellationToken cancellation)
    {
        var secure = new SslStream(stream);
        await using (secure.ConfigureAwait(false))
            return await GreetAsync(secure, Host(address), tls, cancellation).ConfigureAwait(false) ?? await AskAsync(secure, options, (WithoutCertificate(tls), true), cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether whoever is there answers a word without TLS.</summary>
    private static Task<bool> SpeaksPlainAsync(EndPoint address, CancellationToken cancellation) =>
        OverAsync(address, async (stream, soon) => await AskAsync(stream, new ConfigurationOptions(), Ended, soon).ConfigureAwait(false) != Ended, cancellation);

    /// <summary>Whether whoever is there shows a certificate. It is told nothing.</summary>
    private static Task<bool> SpeaksTlsAsync(EndPoint address, CancellationToken cancellation) => OverAsync(
        address,
        async (stream, soon) =>
        {
            bool shown = false;
            var secure = new SslStream(stream, false, (_, certificate, _, _) =>
            {
                shown = certificate is not null;
                return false;
            });
            await using (secure.ConfigureAwait(false))
            {
                try
                {
                    await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = Host(address) }, soon).ConfigureAwait(false);
                }
                catch (Exception e) when (e is AuthenticationException or IOException)
                {
                    // It is not to be talked to any further.
                }

                return shown;
            }
        },
        cancellation);

    private static string WithoutCertificate(RedisTls tls) =>
        tls.HasCertificate ? "it ends connections after the handshake: it does not accept the certificate that it was shown" : "it ends connections after the handshake: it wants a certificate of its clients";

    private static async Task<(string What, bool ForGood)?> GreetAsync(SslStream stream, string host, RedisTls tls, CancellationToken cancellation)
    {
        try
        {
            await stream.AuthenticateAsClientAsync(tls.For(host), cancellation).ConfigureAwait(false);
            return null;
        }
        catch (AuthenticationException) when (tls.Distrust is { } distrust)
        {
            return (distrust, true);
        }
        catch (AuthenticationException e)
        {
            return ($"it was asked to speak TLS and does not there, or not with us: {e.Message}", true);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // A Redis without TLS waits for the end of a line.
            return Ended;
        }
    }

    /// <summary>Says who we are. Returns what is wrong, which is <paramref name="ended"/> where it ends the connection instead of an answer: with TLS 1.3 a server says after the handshake that it misses a certificate.</summary>
    private static async Task<(string What, bool ForGood)?> AskAsync(Stream stream, ConfigurationOptions options, (string What, bool ForGood) ended, CancellationToken cancellation)
    {
        string[] words = string.IsNullOrEmpty(options.Password) ? ["PING"] : string.IsNullOrEmpty(options.User) ? ["AUTH", options.Password] : ["AUTH", options.User, options.Password];
        string request = $"*{words.Length}\r\n" + string.Concat(words.Select(w => $"${Encoding.UTF8.GetByteCount(w)}\r\n{w}\r\n"));
        string? answer;
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(request), cancellation).ConfigureAwait(false);
            using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
            answer = await reader.ReadLineAsync(cancellation).ConfigureAwait(false);
        }
        catch (IOException)
        {
            return ended;
        }

        if (answer is null) return ended;
        if (answer.StartsWith("-WRONGPASS", StringComparison.Ordinal)) return ($"it does not accept {(options.User is { Length: > 0 } user ? $"user '{user}' with this password" : "this password")}, or the user is disabled", true);
        if (answer.StartsWith("-NOAUTH", StringComparison.Ordinal)) return ("it wants a password and was given none", true);
        if (answer.StartsWith("-DENIED", StringComparison.Ordinal)) return ("it is in protected mode and answers its own machine alone: give it a password, or a user with one", true);
        return null;
    }

    private static string Host(EndPoint address) => address switch
    {
        DnsEndPoint name => name.Host,
        IPEndPoint number => number.Address.ToString(),
        _ => "",
    };

    private static EndPoint WithPort(EndPoint address, int port) => address switch
    {
        DnsEndPoint { Port: 0 } name => new DnsEndPoint(name.Host, port),
        IPEndPoint { Port: 0 } number => new IPEndPoint(number.Address, port),
        _ => address,
    };
}
