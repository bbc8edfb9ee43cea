using System.Net;
using System.Net.Sockets;

namespace Parcae.Silo.Hosting;

/// <summary>The ports that the settings name. That one is taken is said before anything is begun, by its option.</summary>
internal static class ListeningPorts
{
    /// <summary>Goes through a silo's ports.</summary>
    /// <param name="settings">The silo's settings.</param>
    /// <param name="address">Its address.</param>
    /// <exception cref="PortRefusedException">One is not free.</exception>
    public static void Require(SiloSettings settings, IPAddress address)
    {
        Require("--silo-port", settings.SiloPort, address);
        Require("--gateway-port", settings.ActualGatewayPort, address);
        Require("--data-port", settings.DataPort, IPAddress.IsLoopback(address) ? address : IPAddress.Any);
        Require("--http-port", settings.ActualHttpPort ?? 0, Address(settings.HttpHost));
    }

    /// <summary>Tries a port; 0 stands for any.</summary>
    /// <exception cref="PortRefusedException">It is not free.</exception>
    public static void Require(string option, int port, IPAddress address)
    {
        if (port == 0) return;
        try
        {
            using var probe = new TcpListener(address, port);
            probe.Start();
        }
        catch (SocketException e)
        {
            throw new PortRefusedException(e.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"{option} {port}: the port is in use on {address}; name a free one, or end what has it."
                : $"{option} {port}: this process cannot listen on {address}: {e.Message}");
        }
    }

    // As Kestrel reads it: what is neither an address nor localhost stands for all addresses.
    private static IPAddress Address(string host) => IPAddress.TryParse(host.Trim('[', ']'), out var address) ? address : host == "localhost" ? IPAddress.Loopback : IPAddress.Any;
}

/// <summary>A port that the process cannot listen on. Its message is for the user as it is.</summary>
internal sealed class PortRefusedException(string message) : Exception(message);
