using System.Net;
using System.Net.Sockets;

namespace Parcae.Silo.Hosting;

/// <summary>The ports that the settings name. That one is taken is said before anything is begun, by its option.</summary>
internal static class ListeningPorts
{
    /// <summary>What is wrong with one of a silo's ports; null: all are free.</summary>
    /// <param name="settings">The silo's settings.</param>
    /// <param name="address">Its address.</param>
    public static string? ProblemOf(SiloSettings settings, IPAddress address) =>
        Problem("--silo-port", settings.SiloPort, address)
        ?? Problem("--gateway-port", settings.ActualGatewayPort, address)
        ?? Problem("--data-port", settings.DataPort, IPAddress.IsLoopback(address) ? address : IPAddress.Any)
        ?? Problem("--http-port", settings.ActualHttpPort ?? 0, Address(settings.HttpHost));

    /// <summary>What is wrong with a port; null: it is free, or 0, which stands for any.</summary>
    public static string? Problem(string option, int port, IPAddress address)
    {
        if (port == 0) return null;
        try
        {
            using var probe = new TcpListener(address, port);
            probe.Start();
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"{option} {port}: the port is in use on {address}; name a free one, or end what has it."
                : $"{option} {port}: this process cannot listen on {address}: {e.Message}";
        }
    }

    // As Kestrel reads it: what is neither an address nor localhost stands for all addresses.
    private static IPAddress Address(string host) => IPAddress.TryParse(host.Trim('[', ']'), out var address) ? address : host == "localhost" ? IPAddress.Loopback : IPAddress.Any;
}
