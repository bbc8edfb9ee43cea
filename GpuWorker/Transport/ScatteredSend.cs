using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// Linux's <c>sendmsg</c> with two pieces of memory: a header and the payload that lies elsewhere go out in one call and one segment, without being joined
/// by a copy first. The runtime's own call for several pieces takes managed arrays only.
/// </summary>
internal static unsafe partial class ScatteredSend
{
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int Interrupted = 4;

    /// <summary>Bytes taken by the socket, 0 when there is no room, or -1 on any other error, which the next ordinary send on the socket meets too.</summary>
    public static int Try(SafeSocketHandle socket, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        const int again = 11;
        fixed (byte* a = first, b = second)
        {
            var pieces = stackalloc Piece[2] { new() { Start = a, Length = (nuint)first.Length }, new() { Start = b, Length = (nuint)second.Length } };
            var message = new Message { Pieces = pieces, PieceCount = 2 };
            while (true)
            {
                nint sent = SendMessage(socket, &message, DontWait | NoSignal);
                if (sent >= 0) return (int)sent;
                int error = Marshal.GetLastPInvokeError();
                if (error != Interrupted) return error == again ? 0 : -1;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(SafeSocketHandle socket, Message* message, int flags);

    /// <summary>struct iovec.</summary>
    private struct Piece
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>struct msghdr of 64-bit Linux.</summary>
    private struct Message
    {
#pragma warning disable CS0649 // Left zero: the socket is connected, and nothing goes beside the bytes.
        public void* Name;
        public uint NameLength;
        public Piece* Pieces;
        public nuint PieceCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
#pragma warning restore CS0649
    }
}
