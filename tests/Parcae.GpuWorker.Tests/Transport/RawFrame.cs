using Parcae.GpuWorker.Transport;

namespace Parcae.GpuWorker.Tests.Transport;

/// <summary>Frames as bytes, for tests that send them by hand.</summary>
internal static class RawFrame
{
    /// <summary>A frame with a right header.</summary>
    public static byte[] Of(FrameKey key, int generation, byte[] payload)
    {
        var bytes = new byte[FrameHeader.Size + payload.Length];
        payload.CopyTo(bytes, FrameHeader.Size);
        FrameHeader.Write(bytes, key, 0, generation, payload);
        return bytes;
    }
}
