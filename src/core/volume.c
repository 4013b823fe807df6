#include "core/volume.h"

#include <linux/magic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/vfs.h>

bool volume_is_network_type(unsigned long type)
{
    static const uint32_t types[] = {
        NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, SMB2_SUPER_MAGIC, 0xff534d42, /* CIFS */
        AFS_SUPER_MAGIC, AFS_FS_MAGIC, CEPH_SUPER_MAGIC, CODA_SUPER_MAGIC, V9FS_MAGIC,
        OCFS2_SUPER_MAGIC, 0x01161970, /* GFS2 */
        0x47504653,                    /* GPFS */
        0x0bd00bd0,                    /* Lustre */
        0x19830326,                    /* BeeGFS */
        0x786f4256,                    /* folders of VirtualBox's host */
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i] == (uint32_t)type) /* some kernels extend the sign */
            return true;
    return false;
}

bool volume_is_network(const char *folder)
{
    struct statfs fs;

    return !statfs(folder, &fs) && volume_is_network_type((unsigned long)fs.f_type);
}
